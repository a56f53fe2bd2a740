// SPDX-License-Identifier: Apache-2.0
import FoveaGraph

/// How a convolution is cut into tiles, and tiles into chunks that stay in the cache.
///
/// Each tile of `outputs`² outputs is computed from `points`² numbers of its input. Tiles are numbered
/// through all images. Those of a chunk lie in scratch memory as [point][block of channels][tile][lane],
/// so that the products over channels at one point are one convolution of 1×1.
struct WinogradGeometry: Sendable {
    /// What the tiles are taken from, [N, C, H, W], and the rows and columns of zeros before it.
    let source: Shape
    let padding: Extent
    /// What the tiles are written to, [N, O, H′, W′].
    let destination: Shape
    let kernel: Int
    /// Outputs of a tile along each axis.
    let outputs: Int
    let points: Int
    /// The channels of a block.
    let lanes: Int
    /// The type of the numbers that are multiplied.
    let products: DType
    private let tileRows, tileColumns: Int
    /// The number of tiles of all images.
    let tiles: Int
    /// The number of tiles that are worked on at a time.
    let chunk: Int
    /// The number of chunks.
    let chunks: Int

    /// Cuts a convolution up.
    ///
    /// - Parameters:
    ///   - source: What tiles are taken from.
    ///   - padding: The zeros before it.
    ///   - destination: What tiles are written to.
    ///   - kernel: The side of the kernels.
    ///   - outputs: Outputs of a tile along each axis.
    ///   - lanes: The channels of a block.
    ///   - products: The type of the numbers that are multiplied; their sums are of 32-bit floats.
    ///   - bytes: What the numbers of a chunk may take, about.
    init(
        _ source: Shape, padding: Extent, to destination: Shape, kernel: Int, outputs: Int,
        lanes: Int, products: DType, bytes: Int
    ) {
        self.source = source
        self.padding = padding
        self.destination = destination
        self.kernel = kernel
        self.outputs = outputs
        self.lanes = lanes
        self.products = products
        points = outputs + kernel - 1
        tileRows = (destination.extent.height + outputs - 1) / outputs
        tileColumns = (destination.extent.width + outputs - 1) / outputs
        tiles = source.batch * tileRows * tileColumns
        let bytesOfTile =
            points * points * (products.size * source.channels + 4 * destination.channels)
        let most = max(bytes / bytesOfTile, 32)
        chunks = (tiles + most - 1) / most
        chunk = (tiles + chunks - 1) / chunks
    }

    /// The tiles of a chunk.
    func tiles(ofChunk number: Int) -> Range<Int> {
        min(number * chunk, tiles)..<min((number + 1) * chunk, tiles)
    }

    /// Where a tile lies: its image, and its first output.
    func origin(of tile: Int) -> (image: Int, row: Int, column: Int) {
        let (image, place) = tile.quotientAndRemainder(dividingBy: tileRows * tileColumns)
        let (row, column) = place.quotientAndRemainder(dividingBy: tileColumns)
        return (image, row * outputs, column * outputs)
    }

    /// The vectors of a chunk's matrix at one point.
    func matrix(_ channels: Int) -> Int { channels / lanes * chunk }

    /// The distance between the matrices of two points, in vectors.
    ///
    /// The numbers of one tile are written to all of them at once. Two lines of the cache more than a
    /// matrix takes, and they do not all fall into the same set.
    func pointStride(_ channels: Int) -> Int { (matrix(channels) + 1) / 2 * 2 + 128 / (4 * lanes) }

    /// The floats that a chunk's matrices take.
    func floats(_ channels: Int) -> Int { points * points * pointStride(channels) * lanes }

    /// The floats in whose place the factors of products lie, of which two go into one if they have 16 bits.
    func factorFloats(_ channels: Int) -> Int { floats(channels) * products.size / 4 }

    /// The floats in whose place transformed weights lie.
    var weightFloats: Int {
        points * points * source.channels * destination.channels * products.size / 4
    }

    /// The name of a kernel, such as `winograd_6x6_3x3`.
    var name: String { "winograd_\(outputs)x\(outputs)_\(kernel)x\(kernel)" }
}

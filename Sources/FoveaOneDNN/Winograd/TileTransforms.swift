// SPDX-License-Identifier: Apache-2.0
import FoveaGraph

/// The transformations of tiles between tensors of blocked channels and a chunk's matrices, whatever numbers
/// the tensors hold; the factors of the products forward may have 16 bits, all else is of 32-bit floats.
struct TileTransforms<
    Lanes: ChannelLanes, Points: InterpolationPoints, Number: StoredNumber
> {
    typealias Vectors = UnsafeMutablePointer<Lanes>
    typealias Numbers = UnsafeMutablePointer<Number>

    let geometry: WinogradGeometry
    private var points: Int { Points.count }
    private var outputs: Int { geometry.outputs }

    /// Writes Bᵀ x B of every tile of a chunk.
    func spread<Product: StoredNumber>(
        _ x: Numbers, chunk number: Int, to matrices: UnsafeMutablePointer<Product>
    ) {
        let extent = geometry.source.extent
        let size = points
        forEachTile(number, geometry.source.channels) { tile, block, blocks, place, room in
            let (image, top, left) = geometry.origin(of: tile)
            let plane = x + (image * blocks + block) * extent.area * Lanes.scalarCount
            let patch = Patch<Lanes>(
                plane, extent, row: top - geometry.padding.height,
                column: left - geometry.padding.width, size: size, room: room)
            let columns = room + size * size
            for column in 0..<size {
                Points.spread(
                    patch.base + column, patch.stride, to: columns + column, size)
            }
            let step = geometry.pointStride(geometry.source.channels)
            let target = matrices + place * Lanes.scalarCount
            guard Product.self == Float.self else {
                for row in 0..<size {
                    Points.spread(columns + row * size, 1, to: room, 1)
                    let line = target + row * size * step * Lanes.scalarCount
                    for point in 0..<size {
                        Product.store(room[point], to: line + point * step * Lanes.scalarCount)
                    }
                }
                return
            }
            let vectors = UnsafeMutableRawPointer(target).assumingMemoryBound(to: Lanes.self)
            for row in 0..<size {
                Points.spread(columns + row * size, 1, to: vectors + row * size * step, step)
            }
        }
    }

    /// Writes A dy Aᵀ of every tile of a chunk.
    func scatter(_ dy: Numbers, chunk number: Int, to matrices: Vectors)
    where Points: GradientPoints {
        let extent = geometry.destination.extent
        let channels = geometry.destination.channels
        let step = geometry.pointStride(channels)
        forEachTile(number, channels) { tile, block, blocks, place, room in
            let target = matrices + place
            let (image, top, left) = geometry.origin(of: tile)
            let plane = dy + (image * blocks + block) * extent.area * Lanes.scalarCount
            let patch = Patch<Lanes>(
                plane, extent, row: top, column: left, size: outputs, room: room)
            let columns = room + points * points
            for column in 0..<outputs {
                Points.scatter(
                    patch.base + column, patch.stride, to: columns + column, points,
                    outputs: outputs)
            }
            for row in 0..<points {
                Points.scatter(
                    columns + row * points, 1, to: target + row * points * step, step,
                    outputs: outputs)
            }
        }
    }

    /// Writes f(Aᵀ m A + bias) of every tile of a chunk.
    func gather(
        _ matrices: Vectors, chunk number: Int, to y: Numbers, bias: Vectors?, isRectified: Bool
    ) {
        let extent = geometry.destination.extent
        let channels = geometry.destination.channels
        let step = geometry.pointStride(channels)
        let isWhole = extent.height % outputs == 0 && extent.width % outputs == 0
        forEachTile(number, channels) { tile, block, blocks, place, room in
            let source = matrices + place
            let (image, top, left) = geometry.origin(of: tile)
            let plane = y + (image * blocks + block) * extent.area * Lanes.scalarCount
            let columns = room + points * points
            for column in 0..<points {
                Points.gather(
                    source + column * step, points * step, to: columns + column, points,
                    outputs: outputs)
            }
            let bias = bias.map { $0[block] } ?? Lanes(repeating: 0)
            let height = isWhole ? outputs : min(outputs, extent.height - top)
            let width = isWhole ? outputs : min(outputs, extent.width - left)
            for row in 0..<height {
                Points.gather(columns + row * points, 1, to: room, 1, outputs: outputs)
                let target = plane + ((top + row) * extent.width + left) * Lanes.scalarCount
                for column in 0..<width {
                    let sum = room[column] + bias
                    Number.store(
                        isRectified ? sum.opened(where: sum) : sum,
                        to: target + column * Lanes.scalarCount)
                }
            }
        }
    }

    /// Writes zeros where a chunk with fewer tiles than others has none.
    func clearRest(of matrices: Vectors, _ channels: Int, chunk number: Int) {
        let tiles = geometry.tiles(ofChunk: number).count
        guard tiles < geometry.chunk else { return }
        for point in 0..<points * points {
            for block in 0..<channels / geometry.lanes {
                let row =
                    matrices + point * geometry.pointStride(channels) + block * geometry.chunk
                (row + tiles).update(repeating: Lanes(repeating: 0), count: geometry.chunk - tiles)
            }
        }
    }

    /// Calls a body for every tile and block of a chunk, on all threads, with the place of its first
    /// vector in the first matrix and room for two tiles.
    private func forEachTile(
        _ number: Int, _ channels: Int,
        _ body: (_ tile: Int, _ block: Int, _ blocks: Int, _ place: Int, _ room: Vectors) -> Void
    ) {
        let tiles = geometry.tiles(ofChunk: number)
        let blocks = channels / geometry.lanes
        Team.split(blocks * tiles.count) { part in
            withUnsafeTemporaryAllocation(of: Lanes.self, capacity: 2 * points * points) { room in
                guard let room = room.baseAddress else { return }
                for index in part {
                    let (block, place) = index.quotientAndRemainder(dividingBy: tiles.count)
                    body(
                        tiles.lowerBound + place, block, blocks, block * geometry.chunk + place,
                        room)
                }
            }
        }
    }
}

/// The square of vectors that a tile reads: in the tensor itself, or a copy, with zeros where the square
/// leaves it, or of numbers that are no 32-bit floats.
private struct Patch<Lanes: ChannelLanes> {
    private(set) var base: UnsafeMutablePointer<Lanes>
    private(set) var stride: Int

    @inline(__always)
    init<Number: StoredNumber>(
        _ plane: UnsafeMutablePointer<Number>, _ extent: Extent, row: Int, column: Int, size: Int,
        room: UnsafeMutablePointer<Lanes>
    ) {
        let width = Lanes.scalarCount
        base = room
        stride = size
        if row >= 0, column >= 0, row + size <= extent.height, column + size <= extent.width {
            let first = plane + (row * extent.width + column) * width
            if Number.self == Float.self {
                base = UnsafeMutableRawPointer(first).assumingMemoryBound(to: Lanes.self)
                stride = extent.width
                return
            }
            for y in 0..<size {
                let line = first + y * extent.width * width
                for x in 0..<size { room[y * size + x] = Number.load(line + x * width) }
            }
            return
        }
        for y in 0..<size {
            let isInside = row + y >= 0 && row + y < extent.height
            for x in 0..<size {
                room[y * size + x] =
                    isInside && column + x >= 0 && column + x < extent.width
                    ? Number.load(plane + ((row + y) * extent.width + column + x) * width)
                    : Lanes(repeating: 0)
            }
        }
    }
}

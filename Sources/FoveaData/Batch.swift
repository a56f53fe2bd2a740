// SPDX-License-Identifier: Apache-2.0
public import FoveaGraph

/// Images and labels that a loader prepared.
///
/// The memory belongs to the loader's ring: it holds these images until the batch is recycled, and
/// then soon others.
public final class Batch: @unchecked Sendable {
    // Unchecked: a batch is written by the one worker that claimed it and then read by the one
    // consumer that received it; the loader's lock lies between them.

    /// The position of the batch in its epoch, from 0.
    public internal(set) var index = 0
    /// The number of images, less than the loader's batch size only at the end of an epoch.
    public internal(set) var count = 0
    private let imageShape: Shape
    private let pixelsPerImage: Int
    private let imageStorage: UnsafeMutableBufferPointer<Float>
    private let labelStorage: UnsafeMutableBufferPointer<Int32>

    init(capacity: Int, imageShape: Shape) {
        self.imageShape = imageShape
        pixelsPerImage = imageShape.count
        let floats = capacity * imageShape.count
        // The alignment that lets every vector load of an engine stay within a cache line.
        imageStorage = UnsafeMutableBufferPointer(
            start: UnsafeMutableRawPointer.allocate(
                byteCount: floats * MemoryLayout<Float>.stride, alignment: 64
            ).bindMemory(to: Float.self, capacity: floats), count: floats)
        imageStorage.initialize(repeating: 0)
        labelStorage = .allocate(capacity: capacity)
        labelStorage.initialize(repeating: 0)
    }

    deinit {
        UnsafeMutableRawPointer(imageStorage.baseAddress)?.deallocate()
        labelStorage.deallocate()
    }

    /// The shape of the images, [N, C, H, W].
    public var shape: Shape { Shape([count] + imageShape.dimensions) }

    /// The images in [N, C, H, W] order.
    public var images: UnsafeBufferPointer<Float> {
        UnsafeBufferPointer(imageStorage.extracting(..<(count * pixelsPerImage)))
    }

    /// The class of each image.
    public var labels: UnsafeBufferPointer<Int32> {
        UnsafeBufferPointer(labelStorage.extracting(..<count))
    }

    /// Where the numbers of one image go.
    func image(_ position: Int) -> UnsafeMutableBufferPointer<Float> {
        imageStorage.extracting(position * pixelsPerImage..<(position + 1) * pixelsPerImage)
    }

    func setLabel(_ label: Int32, of position: Int) { labelStorage[position] = label }
}

// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
import FoveaGraph
import Glibc
import Testing

@testable import FoveaData

struct BatchLoaderTests {
    /// 23 images of 2×3 whose pixels and labels tell which they are.
    static let images = InMemoryImages(
        name: "numbers", classes: (0..<23).map(String.init), imageShape: [1, 2, 3],
        pixels: (0..<23).flatMap { n in (0..<6).map { UInt8(10 * n + $0) } },
        labels: (0..<23).map(Int32.init))

    /// What a loader delivers: for each batch its index, labels and numbers.
    private func contents(
        _ loader: BatchLoader
    ) -> [(index: Int, labels: [Int32], images: [Float])] {
        var all: [(index: Int, labels: [Int32], images: [Float])] = []
        while let batch = loader.next() {
            #expect(batch.labels.count == batch.count)
            #expect(batch.shape == Shape([batch.count] + loader.imageShape.dimensions))
            all.append((batch.index, Array(batch.labels), Array(batch.images)))
            loader.recycle(batch)
        }
        return all
    }

    @Test("In sequence, every image comes once, and the last batch has what remains")
    func sequential() throws {
        let loader = try BatchLoader(Self.images, .init(batch: 5), order: .sequential)
        #expect(loader.batchCount == 5)
        #expect(loader.imageShape == [1, 2, 3])
        let all = contents(loader)
        #expect(all.map(\.index) == [0, 1, 2, 3, 4])
        #expect(all.map(\.labels.count) == [5, 5, 5, 5, 3])
        #expect(all.flatMap(\.labels) == (0..<23).map(Int32.init))
        let expected = (0..<23).flatMap { n in (0..<6).map { Float(10 * n + $0) / 255 } }
        #expect(all.flatMap(\.images) == expected)
        #expect(loader.next() == nil)
    }

    @Test("A shuffled epoch is a permutation that only the seed and the epoch decide")
    func shuffled() throws {
        func labels(_ seed: UInt64, _ epoch: Int) throws -> [Int32] {
            let loader = try BatchLoader(
                Self.images, .init(batch: 4), order: .shuffled(seed: seed, epoch: epoch))
            return contents(loader).flatMap(\.labels)
        }
        let first = try labels(7, 0)
        #expect(first.sorted() == (0..<23).map(Int32.init))
        #expect(first != first.sorted())
        #expect(try labels(7, 0) == first)
        #expect(try labels(7, 1) != first)
        #expect(try labels(8, 0) != first)
        var stream = RandomStream(seed: 7, purpose: .shuffle, epoch: 0)
        #expect(first == stream.permutation(of: 23).map(Int32.init))
    }

    @Test("Any number of workers delivers the same", arguments: [1, 2, 5], [2, 3, 9])
    func workers(count: Int, slots: Int) throws {
        var settings = BatchLoader.Settings(batch: 2, extent: Extent(5, 7))
        let one = try BatchLoader(Self.images, settings, order: .shuffled(seed: 1, epoch: 3))
        settings.workers = count
        settings.batchesInMemory = slots
        let many = try BatchLoader(Self.images, settings, order: .shuffled(seed: 1, epoch: 3))
        let (expected, found) = (contents(one), contents(many))
        #expect(found.map(\.index) == expected.map(\.index))
        #expect(found.map(\.labels) == expected.map(\.labels))
        #expect(found.map(\.images) == expected.map(\.images))
    }

    @Test("Going on within an epoch gives what the whole epoch would have given", arguments: 0...6)
    func resumed(from first: Int) throws {
        let order = BatchLoader.Order.shuffled(seed: 3, epoch: 2)
        let settings = BatchLoader.Settings(batch: 4)
        let whole = contents(try BatchLoader(Self.images, settings, order: order))
        let rest = contents(
            try BatchLoader(Self.images, settings, order: order, firstBatch: first))
        #expect(rest.map(\.index) == Array(first..<max(first, 6)))
        #expect(rest.map(\.labels) == Array(whole.map(\.labels).dropFirst(first)))
    }

    @Test("A loader begins again in the same memory, also amid an epoch and with a batch in use")
    func restarts() throws {
        var settings = BatchLoader.Settings(batch: 4)
        settings.workers = 2
        let loader = try BatchLoader(Self.images, settings, order: .sequential)
        let whole = contents(loader)
        for consumed in 0..<6 {
            loader.restart(.sequential, varied: nil)
            for _ in 0..<consumed { if let batch = loader.next() { loader.recycle(batch) } }
            let held = loader.next()
            let labels = held.map { Array($0.labels) }
            loader.restart(
                .shuffled(seed: 1, epoch: consumed), varied: nil, firstBatch: 2)
            #expect(contents(loader).map(\.index) == [2, 3, 4, 5])
            #expect(held.map { Array($0.labels) } == labels)
            if let held { loader.recycle(held) }
        }
        loader.restart(.sequential, varied: nil)
        #expect(contents(loader).map(\.images) == whole.map(\.images))
    }

    @Test("Images are resized as the resizer does it, and not at all to their own size")
    func resizes() throws {
        let settings = BatchLoader.Settings(batch: 3, extent: Extent(4, 4))
        let loader = try BatchLoader(Self.images, settings, order: .sequential)
        #expect(loader.imageShape == [1, 4, 4])
        let pixels = (0..<6).map { UInt8(220 + $0) }
        let image = Image(channels: 1, height: 2, width: 3, pixels: pixels)
        let expected = image.resized(to: Extent(4, 4)).pixels.map { Float($0) / 255 }
        #expect(contents(loader).last?.images.suffix(16) == expected[...])

        let same = BatchLoader.Settings(batch: 23, extent: Extent(2, 3))
        let all = contents(try BatchLoader(Self.images, same, order: .sequential))
        #expect(all.first?.images.suffix(6).map { $0 * 255 } == pixels.map(Float.init))
    }

    @Test("Every byte becomes exactly its 255th, or is normalized per channel")
    func numbers() throws {
        let bytes = InMemoryImages(
            name: "bytes", classes: ["a"], imageShape: [1, 16, 16],
            pixels: Array(0...255), labels: [0])
        let plain = contents(try BatchLoader(bytes, .init(batch: 1), order: .sequential))
        #expect(plain.first?.images == (0..<256).map { Float($0) / 255 })
        let settings = BatchLoader.Settings(
            batch: 1, channels: 3, normalization: .imageNet)
        let normal = contents(try BatchLoader(bytes, settings, order: .sequential))
        let (mean, deviation): ([Float], [Float]) = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
        let expected = (0..<3).flatMap { channel in
            (0..<256).map { (Float($0) / 255 - mean[channel]) / deviation[channel] }
        }
        #expect(normal.first?.images == expected)
    }

    @Test("Grey images become three equal channels where the network wants that")
    func channels() throws {
        let settings = BatchLoader.Settings(batch: 23, extent: Extent(3, 3), channels: 3)
        let loader = try BatchLoader(Self.images, settings, order: .sequential)
        #expect(loader.imageShape == [3, 3, 3])
        let image = try #require(contents(loader).first).images.prefix(27)
        #expect(Array(image[0..<9]) == Array(image[9..<18]))
        #expect(Array(image[0..<9]) == Array(image[18..<27]))
    }

    @Test("Colour images keep their channels apart and do not become grey")
    func colors() throws {
        let color = InMemoryImages(
            name: "color", classes: ["a"], imageShape: [3, 1, 2], pixels: [1, 2, 3, 4, 5, 6],
            labels: [0])
        let all = contents(try BatchLoader(color, .init(batch: 4), order: .sequential))
        #expect(all.first?.images == [1, 2, 3, 4, 5, 6].map { Float($0) / 255 })
        let error = #expect(throws: FoveaError.self) {
            try BatchLoader(color, .init(batch: 4, channels: 1), order: .sequential)
        }
        #expect(
            error?.message == "The network takes images of 1 channels, but those of color have 3.")
    }

    @Test("Settings without sense are refused")
    func settings() throws {
        for settings in [
            BatchLoader.Settings(batch: 0), .init(batch: 1, extent: 0),
            .init(batch: 1, extent: 20_000),
            .init(batch: 1, normalization: .imageNet),
        ] {
            let error = #expect(throws: FoveaError.self) {
                try BatchLoader(Self.images, settings, order: .sequential)
            }
            #expect(error?.code == .usage)
        }
    }

    @Test("The workers are ahead while the consumer works, and the time of waiting is told")
    func waiting() throws {
        let slow = SlowImages(microseconds: 2000)
        let loader = try BatchLoader(slow, .init(batch: 5), order: .sequential)
        var count = 0
        while let batch = loader.next() {
            count += 1
            loader.recycle(batch)
        }
        #expect(count == 4)
        // The consumer does nothing, so it waits for all of 20 × 2 ms.
        #expect(loader.secondsWaited > 0.03)

        loader.restart(.sequential, varied: nil)
        usleep(300_000)
        while let batch = loader.next() { loader.recycle(batch) }
        #expect(loader.secondsWaited < 0.01)
    }

    @Test("A cancelled loader ends at once, also for one that waits, and may be cancelled again")
    func cancelled() throws {
        let loader = try BatchLoader(
            SlowImages(microseconds: 20_000), .init(batch: 4), order: .sequential)
        let batch = try #require(loader.next())
        loader.cancel()
        #expect(loader.next() == nil)
        #expect(batch.count == 4)
        loader.recycle(batch)
        loader.cancel()
    }

    @Test("A loader that is let go amid an epoch ends its threads")
    func released() throws {
        for _ in 0..<50 {
            let loader = try BatchLoader(Self.images, .init(batch: 1), order: .sequential)
            _ = loader.next()
        }
    }

    @Test("An empty set has no batches")
    func empty() throws {
        let loader = try BatchLoader(
            Self.images.prefix(0), .init(batch: 4), order: .shuffled(seed: 0, epoch: 0))
        #expect(loader.batchCount == 0)
        #expect(loader.next() == nil)
    }
}

/// Twenty images each of which takes a while.
private struct SlowImages: ImageDataset {
    let microseconds: UInt32
    let name = "slow"
    let classes = ["a"]
    let imageShape: Shape = [1, 1, 1]
    let count = 20
    let labels = [Int32](repeating: 0, count: 20)

    func copyPixels(of index: Int, into pixels: UnsafeMutableBufferPointer<UInt8>) {
        usleep(microseconds)
        pixels[0] = UInt8(index)
    }
}

// SPDX-License-Identifier: Apache-2.0
import FoveaGraph

/// Turns stored images into what a network takes; each worker has its own.
struct ImagePreparation: Sendable {
    /// The shape of a prepared image, [C, H, W].
    let shape: Shape
    private let dataset: any ImageDataset
    private let labels: [Int32]
    private var variation: ImageVariation
    private let resizer: Resizer?
    private let crop: Crop?
    private let table: PixelTable
    private var stored: [UInt8]
    private var resized: [UInt8]
    private var part: [UInt8]
    private var scratch: [UInt8] = []

    init(_ dataset: any ImageDataset, _ settings: BatchLoader.Settings) throws(FoveaError) {
        let source = dataset.imageShape
        let channels = settings.channels ?? source[0]
        guard channels > 0, channels == source[0] || source[0] == 1 else {
            throw FoveaError(
                .model,
                "The network takes images of \(channels) channels, but those of"
                    + " \(dataset.name) have \(source[0]).")
        }
        if let normalization = settings.normalization, !normalization.fits(channels: channels) {
            throw FoveaError(
                .usage,
                "The normalization has \(normalization.mean.count) means and"
                    + " \(normalization.deviation.count) deviations, but the network takes images"
                    + " of \(channels) channels.")
        }
        let from = Extent(source[1], source[2])
        let to = settings.extent ?? from
        let sides = 1...Image.maximumSide
        guard sides.contains(from.height), sides.contains(from.width) else {
            throw FoveaError(
                .dataset,
                "The images of \(dataset.name) are \(from); a side has 1 to \(Image.maximumSide)"
                    + " pixels.")
        }
        let shorterIsGood = sides.contains(settings.shorterSide ?? 1)
        guard shorterIsGood, sides.contains(to.height), sides.contains(to.width) else {
            let what = settings.shorterSide.map { "a shorter side of \($0)" }
            throw FoveaError(
                .usage,
                "Images cannot be resized to \(shorterIsGood ? "\(to)" : what ?? ""): a side has 1"
                    + " to \(Image.maximumSide) pixels.")
        }
        let scaled = settings.shorterSide.map { from.scaled(shorterSide: $0) } ?? to
        self.dataset = dataset
        labels = dataset.labels
        shape = [channels, to.height, to.width]
        variation = ImageVariation(from, channels: source[0])
        resizer = from == scaled ? nil : Resizer(from: from, to: scaled, channels: source[0])
        crop = scaled == to ? nil : Crop(middleOf: scaled, to: to, channels: source[0])
        table = PixelTable(settings.normalization, channels: channels)
        stored = [UInt8](repeating: 0, count: source.count)
        resized = [UInt8](repeating: 0, count: from == scaled ? 0 : source[0] * scaled.area)
        part = [UInt8](repeating: 0, count: scaled == to ? 0 : source[0] * to.area)
    }

    /// Fills a batch with the images it is to hold.
    mutating func prepare(_ claim: BatchRing.Claim) {
        let batch = claim.batch
        let (dataset, table, area) = (dataset, table, shape[1] * shape[2])
        for (position, index) in claim.images.enumerated() {
            stored.withUnsafeMutableBufferPointer { dataset.copyPixels(of: index, into: $0) }
            if let variations = claim.variations {
                variation.vary(&stored, index: index, variations)
            }
            resize()
            cut()
            (crop != nil ? part : resizer != nil ? resized : stored).withUnsafeBufferPointer {
                table.convert($0, area: area, into: batch.image(position))
            }
            batch.setLabel(labels[index], of: position)
        }
    }

    private mutating func resize() {
        guard let resizer else { return }
        stored.withUnsafeBufferPointer { stored in
            resized.withUnsafeMutableBufferPointer { resized in
                resizer(stored, into: resized, scratch: &scratch)
            }
        }
    }

    private mutating func cut() {
        guard let crop else { return }
        (resizer == nil ? stored : resized).withUnsafeBufferPointer { whole in
            part.withUnsafeMutableBufferPointer { crop(whole, into: $0) }
        }
    }
}

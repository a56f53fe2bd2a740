// SPDX-License-Identifier: Apache-2.0
import FoveaGraph

/// Turns stored images into what a network takes; each worker has its own.
struct ImagePreparation: Sendable {
    /// The shape of a prepared image, [C, H, W].
    let shape: Shape
    private let dataset: any ImageDataset
    private let labels: [Int32]
    private let resizer: Resizer?
    private let table: PixelTable
    private var stored: [UInt8]
    private var resized: [UInt8]
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
        guard min(to.height, to.width) > 0, max(to.height, to.width) <= Image.maximumSide else {
            throw FoveaError(
                .usage,
                "Images cannot be resized to \(to): a side has 1 to"
                    + " \(Image.maximumSide) pixels.")
        }
        self.dataset = dataset
        labels = dataset.labels
        shape = [channels, to.height, to.width]
        resizer = from == to ? nil : Resizer(from: from, to: to, channels: source[0])
        table = PixelTable(settings.normalization, channels: channels)
        stored = [UInt8](repeating: 0, count: source.count)
        resized = [UInt8](repeating: 0, count: from == to ? 0 : source[0] * to.area)
    }

    /// Fills a batch with the images it is to hold.
    mutating func prepare(_ claim: BatchRing.Claim) {
        let batch = claim.batch
        let area = shape[1] * shape[2]
        let (dataset, resizer, table) = (dataset, resizer, table)
        for (position, index) in claim.images.enumerated() {
            let target = batch.image(position)
            stored.withUnsafeMutableBufferPointer { stored in
                dataset.copyPixels(of: index, into: stored)
                let source = UnsafeBufferPointer(stored)
                guard let resizer else { return table.convert(source, area: area, into: target) }
                resized.withUnsafeMutableBufferPointer { resized in
                    resizer(source, into: resized, scratch: &scratch)
                    table.convert(UnsafeBufferPointer(resized), area: area, into: target)
                }
            }
            batch.setLabel(labels[index], of: position)
        }
    }
}

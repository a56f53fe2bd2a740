// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
public import FoveaData
public import FoveaGraph
public import FoveaTraining

/// The pictures of a training run: its curves, its first predictions and its first filters.
public struct RunReport {
    private let folder: RunFolder

    /// Reports on the run in a folder.
    public init(_ folder: RunFolder) {
        self.folder = folder
    }

    /// Draws the curves as the book does, from what was logged so far.
    ///
    /// - Throws: An error if the pictures cannot be written.
    public func writeCurves() throws(FoveaError) {
        let points = folder.points().map { point in
            point.split == "train"
                ? TrainingCurves.Point(
                    epoch: point.epoch, trainLoss: point.loss, trainAccuracy: point.accuracy)
                : TrainingCurves.Point(epoch: point.epoch, testAccuracy: point.accuracy)
        }
        let drawing = TrainingCurves(points: points).drawing()
        try drawing.writeSVG(to: "\(folder.path)/curves.svg")
        try drawing.writePNG(to: "\(folder.path)/curves.png", scale: 3)
    }

    /// Draws test images with their true and predicted classes.
    ///
    /// - Parameters:
    ///   - indices: Which images.
    ///   - data: The test images.
    ///   - guesses: What the network thinks of them.
    /// - Throws: An error if the picture cannot be written.
    public func writePredictions(
        _ indices: [Int], of data: any ImageDataset, guesses: [Predictor.Guess]
    ) throws(FoveaError) {
        var items: [PredictionGallery.Item] = []
        for (index, guess) in zip(indices, guesses) {
            guard let best = guess.top(1).first else { continue }
            items.append(
                PredictionGallery.Item(
                    image: try Raster(data.image(at: index)),
                    truth: data.classes[Int(data.labels[index])],
                    prediction: best.label < data.classes.count
                        ? data.classes[best.label] : "class \(best.label)",
                    probability: Double(best.probability)))
        }
        try PredictionGallery(items: items).drawing().writePNG(
            to: "\(folder.path)/predictions.png")
    }

    /// Draws the filters of the first convolution.
    ///
    /// - Parameters:
    ///   - weights: The weights of the network.
    ///   - path: The picture; `filters.png` in the run's folder if nil.
    /// - Throws: An error if there is no convolution, or the picture cannot be written.
    public func writeFilters(of weights: Weights, to path: String? = nil) throws(FoveaError) {
        guard let first = weights.arrays.first(where: { $0.array.shape.rank == 4 }) else {
            throw FoveaError(.weights, "the network has no convolution, and so no filters.")
        }
        var grid = try FilterGrid(weights: first.array.floats, shape: first.array.shape)
        grid.title = first.name
        try grid.drawing().writePNG(to: path ?? "\(folder.path)/filters.png")
    }
}

extension Raster {
    /// A picture for drawing.
    package init(_ picture: Image) throws(FoveaError) {
        try self.init(
            planes: picture.pixels, extent: Extent(picture.height, picture.width),
            channels: picture.channels)
    }
}

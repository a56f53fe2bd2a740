// SPDX-License-Identifier: Apache-2.0
public import FoveaData
public import FoveaGraph
public import FoveaLayers
public import FoveaRuntime
import Glibc

/// Classifies images with a trained network.
public final class Predictor {
    /// What a network thinks of one image.
    public struct Guess: Sendable, Hashable {
        /// The probability of each class.
        public let probabilities: [Float]

        /// The classes from the most to the least likely.
        ///
        /// - Parameter count: How many at most.
        /// - Returns: Labels with their probabilities.
        public func top(_ count: Int) -> [(label: Int, probability: Float)] {
            probabilities.enumerated().sorted { ($1.element, $0.offset) < ($0.element, $1.offset) }
                .prefix(count).map { ($0.offset, $0.element) }
        }
    }

    /// The shape of one image, [C, H, W].
    public var image: Shape { network.image }
    private let network: PreparedNetwork

    /// Brings a trained network to a device.
    ///
    /// - Parameters:
    ///   - network: The network.
    ///   - images: The shape of one image, [C, H, W]; images are resized to it.
    ///   - weights: The trained weights.
    ///   - preprocessing: How pictures are prepared; as the weights' file says, else plainly, if nil.
    ///   - device: What it runs on.
    ///   - precision: The numbers that it computes with.
    /// - Throws: An error if the weights or the images do not fit the network, or the device does not compute in
    ///   the precision.
    public convenience init(
        _ network: any Network, images: Shape, weights: Weights,
        preprocessing: Preprocessing? = nil, on device: Device = .cpu,
        precision: Precision = .f32
    ) throws(FoveaError) {
        let prepared = try PreparedNetwork(
            image: images, batch: 1, mode: .inference, optimizer: nil,
            on: try device.makeBackend(precision: precision)
        ) { (images, mode) throws(FoveaError) -> TracedNetwork in
            try .recording(network, images: images, mode: mode)
        }
        prepared.preprocessing =
            preprocessing ?? ModelDescription(of: weights)?.preprocessing ?? .plain
        try self.init(prepared, weights, name: "\(type(of: network))")
    }

    /// Gives a prepared network its weights.
    package init(
        _ network: PreparedNetwork, _ weights: Weights, name: String, path: String? = nil
    ) throws(FoveaError) {
        network.write(
            try weights.fitted(
                to: network.specifications, of: name, path: path, optional: network.idleNames))
        try network.preprocessing.check(channels: network.image[0])
        self.network = network
    }

    /// Classifies one picture, prepared as the network was trained to see pictures.
    ///
    /// - Parameter picture: The picture.
    /// - Returns: The probabilities.
    /// - Throws: An error if the picture's channels do not fit, or the network's scores are not finite.
    public func classify(_ picture: Image) throws(FoveaError) -> Guess {
        let numbers = try network.preprocessing.numbers(of: picture, for: network.image)
        let logits = try numbers.withUnsafeBufferPointer { images throws(FoveaError) in
            try network.logits(images, count: 1)
        }
        return Guess(probabilities: softmax(logits[...]))
    }
}

/// The probabilities that belong to one row of logits.
package func softmax(_ logits: ArraySlice<Float>) -> [Float] {
    let largest = logits.max() ?? 0
    let exponentials = logits.map { exp($0 - largest) }
    let sum = exponentials.reduce(0, +)
    return exponentials.map { $0 / sum }
}

/// The mean cross-entropy of logits against labels, summed in double precision.
package func meanCrossEntropy(
    _ logits: [Float], _ labels: UnsafeBufferPointer<Int32>
) -> Double {
    let classes = logits.count / max(labels.count, 1)
    let sum = labels.indices.reduce(0.0) { sum, row in
        let values = logits[row * classes..<(row + 1) * classes].map(Double.init)
        let largest = values.max() ?? 0
        let total = log(values.reduce(0) { $0 + exp($1 - largest) }) + largest
        return sum + total - values[Int(labels[row])]
    }
    return sum / Double(max(labels.count, 1))
}

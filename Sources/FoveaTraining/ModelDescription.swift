// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
package import FoveaGraph
public import FoveaModels

/// What a weights file says about the network its numbers belong to.
public struct ModelDescription: Codable, Sendable, Hashable {
    /// The network's name in the catalog.
    public var network: String
    /// The names of the classes.
    public var classes: [String]
    /// The shape of one image as the network sees it, [C, H, W].
    public var image: [Int]
    /// The data it was trained on.
    public var data: String
    /// The rate of every dropout; the network's own if nil.
    public var dropout: Float?
    /// How pictures become such images; squeezed, as numbers from 0 to 1, if nil.
    public var preprocessing: Preprocessing?

    /// Describes a network.
    public init(
        network: String, classes: [String], image: [Int], data: String, dropout: Float? = nil,
        preprocessing: Preprocessing? = nil
    ) {
        self.network = network
        self.classes = classes
        self.image = image
        self.data = data
        self.dropout = dropout
        self.preprocessing = preprocessing
    }

    /// Describes the network of a training run.
    ///
    /// - Parameters:
    ///   - configuration: The settings of the run.
    ///   - classes: The names of the data's classes; the network may have more.
    init(_ configuration: TrainingConfiguration, classes: [String]) {
        let more = min(classes.count, configuration.classes)..<configuration.classes
        self.init(
            network: configuration.network, classes: classes + Self.numbered(more),
            image: configuration.image, data: configuration.data, dropout: configuration.dropout,
            preprocessing: configuration.preprocessing)
    }

    /// The names of classes that have none.
    private static func numbered(_ labels: Range<Int>) -> [String] { labels.map { "class \($0)" } }

    /// Describes a network whose file of weights says nothing about it: as it was published.
    ///
    /// - Parameters:
    ///   - entry: The network.
    ///   - classes: The number of its classes; its own if nil.
    ///   - channels: The number of channels of its images; its own if nil.
    public init(publishing entry: Catalog.Entry, classes: Int? = nil, channels: Int? = nil) {
        let count = classes ?? entry.classes
        let channels = channels ?? entry.input[0]
        self.init(
            network: entry.name, classes: Self.numbered(0..<count),
            image: [channels] + entry.input.dimensions.dropFirst(), data: "",
            preprocessing: .published(for: entry.name, classes: count, channels: channels))
    }

    /// The description in the metadata of a weights file, if it has one that makes sense.
    public init?(of weights: Weights) {
        guard let text = weights.metadata["fovea.model"],
            let description = JSON.value(ModelDescription.self, from: text),
            description.image.count == 3,
            description.image.allSatisfy({ (1...4096).contains($0) }),
            (0..<1).contains(description.dropout ?? 0), !description.classes.isEmpty,
            (description.preprocessing ?? .plain).makesSense(channels: description.image[0])
        else { return nil }
        self = description
    }

    /// What is chosen about the network.
    public var options: Catalog.Options {
        Catalog.Options(classes: classes.count, dropout: dropout)
    }

    /// Changes the size of the images to a square, of which as large a part is cut out as before.
    ///
    /// - Parameter side: The side in pixels.
    public mutating func resize(to side: Int) {
        let former = min(image[1], image[2])
        preprocessing = preprocessing?.scaled(from: former, to: side)
        image = [image[0], side, side]
    }

    /// The metadata of a weights file, with the mark that PyTorch's readers look for.
    package func metadata() throws(FoveaError) -> [String: String] {
        ["format": "pt", "fovea.model": try JSON.text(self)]
    }
}

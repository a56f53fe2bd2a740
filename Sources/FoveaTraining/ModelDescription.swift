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
    /// The shape of one image as the network sees it, [C, H, W]; its elements lie from 0 to 1.
    public var image: [Int]
    /// The data it was trained on.
    public var data: String
    /// The rate of every dropout; the network's own if nil.
    public var dropout: Float?

    /// Describes a network.
    public init(
        network: String, classes: [String], image: [Int], data: String, dropout: Float? = nil
    ) {
        self.network = network
        self.classes = classes
        self.image = image
        self.data = data
        self.dropout = dropout
    }

    /// The description in the metadata of a weights file, if it has one that makes sense.
    public init?(of weights: Weights) {
        guard let text = weights.metadata["fovea.model"],
            let description = JSON.value(ModelDescription.self, from: text),
            description.image.count == 3,
            description.image.allSatisfy({ (1...4096).contains($0) }),
            (0..<1).contains(description.dropout ?? 0), !description.classes.isEmpty
        else { return nil }
        self = description
    }

    /// What is chosen about the network.
    public var options: Catalog.Options {
        Catalog.Options(classes: classes.count, dropout: dropout)
    }

    /// The metadata of a weights file, with the mark that PyTorch's readers look for.
    package func metadata() throws(FoveaError) -> [String: String] {
        ["format": "pt", "fovea.model": try JSON.text(self)]
    }
}

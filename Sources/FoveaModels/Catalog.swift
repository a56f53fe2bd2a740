// SPDX-License-Identifier: Apache-2.0
public import FoveaGraph
public import FoveaLayers

/// The networks Fovea knows by name, with what is published about them.
public struct Catalog: Sendable {
    /// What may be chosen about a network of the catalog.
    public struct Options: Sendable, Hashable {
        /// The number of classes; the network's own if nil.
        public var classes: Int?
        /// The rate of every dropout; the network's own if nil.
        public var dropout: Float?
        /// What a dropout drops as one, where the network has the choice.
        public var dropoutUnit: Dropout.Unit

        /// Chooses what is given and leaves the rest to the network.
        public init(
            classes: Int? = nil, dropout: Float? = nil, dropoutUnit: Dropout.Unit = .element
        ) {
            self.classes = classes
            self.dropout = dropout
            self.dropoutUnit = dropoutUnit
        }
    }

    /// One network of the catalog.
    public struct Entry: Sendable {
        /// The name the command knows it by.
        public let name: String
        /// One line about it.
        public let summary: String
        /// The shape of one image it was published for.
        public let input: Shape
        /// Its own number of classes.
        public let classes: Int
        /// The number of its parameters in that form.
        public let parameters: Int
        /// The multiply-adds of its convolutions and linear layers for one image in that form.
        public let multiplyAdds: Int
        /// Who published it, where.
        public let paper: String
        /// The accuracy that is published for it.
        public let accuracy: String
        /// Makes the network.
        let make: @Sendable (Options) -> any Network

        /// Makes the network.
        ///
        /// - Parameter options: What is chosen about it.
        /// - Returns: The network.
        public func network(_ options: Options = Options()) -> any Network { make(options) }

        /// Records the network for a batch of images.
        ///
        /// - Parameters:
        ///   - images: The shape of the batch, [N, C, H, W].
        ///   - mode: Whether it is recorded for training or as it classifies.
        ///   - options: What is chosen about it.
        ///   - smoothing: The label smoothing of the loss; with nil no loss is recorded.
        /// - Returns: The recorded network.
        /// - Throws: An error of the code `.model` that names the layer and the sizes that work.
        public func traced(
            images: Shape, mode: Mode, options: Options = Options(),
            lossSmoothing smoothing: Float? = nil
        ) throws(FoveaError) -> TracedNetwork {
            do throws(ModelError) {
                return try TracedNetwork(
                    network(options), images: images, mode: mode, lossSmoothing: smoothing)
            } catch {
                throw explained(error, options, mode, batch: images.batch)
            }
        }

        /// The smallest square input the network takes, found by its shape rules.
        ///
        /// - Parameters:
        ///   - options: What is chosen about it.
        ///   - mode: What it is for: batch normalization trains on no single number.
        ///   - batch: The number of images.
        /// - Returns: The side in pixels, or nil if the network does not even take its published input.
        public func smallestInput(
            _ options: Options = Options(), mode: Mode = .inference, batch: Int = 1
        ) -> Int? {
            func takes(_ side: Int) -> Bool {
                let images: Shape = [batch, input[0], side, side]
                return (try? TracedNetwork(network(options), images: images, mode: mode)) != nil
            }
            // Sizes grow together through every layer, so that the first that fits bounds the rest.
            var tooSmall = 0
            var fits = max(input.dimensions.last ?? 1, 1)
            guard takes(fits) else { return nil }
            while fits - tooSmall > 1 {
                let side = (tooSmall + fits) / 2
                if takes(side) { fits = side } else { tooSmall = side }
            }
            return fits
        }

        private func explained(
            _ error: ModelError, _ options: Options, _ mode: Mode, batch: Int
        ) -> FoveaError {
            let side = smallestInput(options, mode: mode, batch: batch)
            let published = Extent(input[1], input[2])
            let place = error.diagnostics.first.map { first in
                first.path.isEmpty ? first.message : "at \(first.path), \(first.message)"
            }
            return FoveaError(
                .model, "\(name) cannot take \(error.images): \(place ?? "it does not fit.")",
                remedy: (side.map { "Images of \($0)×\($0) and above work; " } ?? "")
                    + "\(name) was published for \(published). Choose with --resize.")
        }
    }

    /// All networks, by family.
    public static let all: [Entry] = [
        leNets, alexNets, vggs, nins, googLeNets, resNets, denseNets,
    ].flatMap { $0 }

    /// Finds a network by its name.
    ///
    /// - Parameter name: The name.
    /// - Returns: The entry.
    /// - Throws: An error of the code `.usage` that says the nearest right name.
    public static func entry(named name: String) throws(FoveaError) -> Entry {
        if let entry = all.first(where: { $0.name == name }) { return entry }
        let nearest = nearestName(to: name, among: all.map(\.name))
        throw FoveaError(
            .usage, "there is no network named \(name).",
            remedy: nearest.map { "Did you mean \($0)? " }.map {
                $0 + "`fovea models` lists all networks."
            } ?? "`fovea models` lists all networks.")
    }
}

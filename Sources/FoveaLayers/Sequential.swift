// SPDX-License-Identifier: Apache-2.0

/// Layers that are called one after the other, each on the output of the one before.
///
/// Their names are their positions, counted from zero, unless `named(_:)` gives them others.
public struct Sequential: Layer {
    /// The layers in the order of their calls.
    public let layers: [any Layer]
    private let identity = Identity()

    /// Makes a sequence from a list of layers.
    public init(_ layers: [any Layer]) {
        self.layers = layers
    }

    /// Makes a sequence from the layers a block lists.
    public init(@LayerBuilder _ layers: () -> [any Layer]) {
        self.layers = layers()
    }

    /// The layers under their positions or given names.
    public var parts: [Part] {
        [Part("", .identity(identity))]
            + layers.enumerated().map { Part(Self.name($0, $1), .parameterized($1)) }
    }

    /// Calls the layers in order.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        x.recorded(by: self, identity) { x in
            layers.enumerated().reduce(x) { x, element in
                let (index, layer) = element
                x.trace.enter(part: Self.name(index, layer), type: "\(Self.kind(of: layer))")
                let y = layer(x)
                x.trace.leave(output: y.shape)
                return y
            }
        }
    }

    private static func kind(of layer: any Layer) -> any Layer.Type {
        type(of: (layer as? NamedLayer)?.base ?? layer)
    }

    private static func name(_ index: Int, _ layer: any Layer) -> String {
        (layer as? NamedLayer)?.name ?? "\(index)"
    }
}

/// A layer under a name of its own within a sequence.
public struct NamedLayer: Layer {
    /// The name.
    public let name: String
    /// The layer.
    public let base: any Layer

    /// The parts of the layer itself.
    public var parts: [Part] { base.parts }

    /// Calls the layer.
    public func callAsFunction(_ x: Tensor) -> Tensor { base(x) }
}

extension Layer {
    /// The same layer under a name that takes the place of its position in a sequence.
    ///
    /// - Parameter name: The name, as weights files have it.
    /// - Returns: The named layer.
    public func named(_ name: String) -> NamedLayer { NamedLayer(name: name, base: self) }
}

/// Gathers the layers that a block lists.
@resultBuilder
public enum LayerBuilder {
    /// One layer.
    public static func buildExpression(_ layer: any Layer) -> [any Layer] { [layer] }
    /// Several layers, spliced in.
    public static func buildExpression(_ layers: [any Layer]) -> [any Layer] { layers }
    /// A block.
    public static func buildBlock(_ parts: [any Layer]...) -> [any Layer] { parts.flatMap { $0 } }
    /// A loop.
    public static func buildArray(_ parts: [[any Layer]]) -> [any Layer] { parts.flatMap { $0 } }
    /// A condition without another branch.
    public static func buildOptional(_ part: [any Layer]?) -> [any Layer] { part ?? [] }
    /// The first branch of a condition.
    public static func buildEither(first: [any Layer]) -> [any Layer] { first }
    /// The second branch of a condition.
    public static func buildEither(second: [any Layer]) -> [any Layer] { second }
}

// SPDX-License-Identifier: Apache-2.0
public import FoveaGraph

/// A symbolic tensor: a value of the graph that is being recorded, with its shape.
///
/// It holds no data. An operation that does not fit its input leaves a diagnostic with the trace
/// and yields a tensor that absorbs further operations in silence, so that model code has no `try`.
public struct Tensor {
    /// The extents.
    public let shape: Shape
    let value: Graph.Value?
    let trace: Trace

    /// The number of channels, C.
    public var channels: Int { shape.channels }
    /// The height and width of the images.
    public var extent: Extent { shape.extent }
    /// What the network is being recorded for.
    public var mode: Mode { trace.mode }

    /// Records an operation on this tensor and others.
    ///
    /// - Parameters:
    ///   - op: What is computed.
    ///   - others: The inputs after the first.
    /// - Returns: The first output.
    func recording(_ op: Op, _ others: [Tensor] = []) -> Tensor {
        trace.record(op, [self] + others)
    }

    /// The numbers of a parameter, under the shape they have with this input.
    ///
    /// - Parameters:
    ///   - parameter: A parameter that the walk over the network's properties found.
    ///   - shape: The extents.
    ///   - fanIn: The number of inputs each output reads; taken from the shape if nil.
    /// - Returns: The parameter as a tensor.
    public func parameter(_ parameter: Parameter, _ shape: Shape, fanIn: Int? = nil) -> Tensor {
        trace.parameter(parameter, shape, fanIn: fanIn)
    }

    /// Records a layer's operations under its path.
    ///
    /// - Parameters:
    ///   - layer: The layer, whose type's name the summary shows.
    ///   - identity: What the walk over the network's properties knows the layer by.
    ///   - body: Records the operations.
    /// - Returns: What `body` returns.
    public func recorded<L: Layer>(
        by layer: L, _ identity: Identity, _ body: (Tensor) -> Tensor
    ) -> Tensor {
        trace.enter(identity, type: "\(L.self)")
        let y = body(self)
        trace.leave(output: y.shape)
        return y
    }
}

/// What a network is recorded for.
public enum Mode: String, Sendable, Hashable {
    /// With dropout, batch statistics and everything gradients need.
    case training
    /// As it classifies.
    case inference
}

// SPDX-License-Identifier: Apache-2.0
package import FoveaGraph
import Glibc

/// Turns a graph into a plan for a device.
///
/// The graph goes through the named passes from top to bottom; then each operation gets a kernel
/// and each value a layout, and at last each buffer a place.
package struct Compiler: Sendable {
    /// The rewritings of the graph, in order.
    package static let passes: [any Pass] = [
        EliminateDeadNodes(),
        FuseBias(),
        FoldNormalization(),
        FuseActivation(),
        FuseNormalization(),
        FuseStatistics(),
        FuseShortcut(),
        SwapPoolingGradient(),
        RecomputeActivations(),
        FuseSums(),
        AbsorbReshape(),
        PostponeGradients(),
    ]

    private let library: any KernelLibrary

    /// Makes a compiler for a device.
    ///
    /// - Parameter library: The device's kernels.
    package init(for library: any KernelLibrary) {
        self.library = library
    }

    /// Runs the passes.
    ///
    /// - Parameter graph: A graph as it was recorded and differentiated.
    /// - Returns: The graph as it is planned.
    package static func optimized(_ graph: Graph) -> Graph {
        let verifying = getenv("FOVEA_VERIFY") != nil
        return passes.reduce(graph) { $1.runVerified($0, verifying: verifying) }
    }

    /// Plans a graph.
    ///
    /// - Parameters:
    ///   - graph: A graph as it was recorded and differentiated.
    ///   - parameters: The places of all parameters, if another plan has already chosen them.
    /// - Returns: The plan.
    /// - Throws: An error if the device has no kernel for an operation.
    package func plan(
        _ graph: Graph, parameters: [Plan.ParameterSlot] = []
    ) throws(FoveaError) -> Plan {
        var planner = Planner(Self.optimized(graph), library, parameters)
        return try planner.plan()
    }
}

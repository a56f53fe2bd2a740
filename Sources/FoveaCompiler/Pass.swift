// SPDX-License-Identifier: Apache-2.0
package import FoveaGraph
import OrderedCollections

/// A named rewriting of a graph that keeps what its results are worth.
package protocol Pass: Sendable {
    /// The name in kebab-case, the same in code, on the command line and in golden files.
    var name: String { get }

    /// Rewrites a graph.
    ///
    /// - Parameter graph: A valid graph.
    /// - Returns: A valid graph with the same results.
    func run(_ graph: Graph) -> Graph
}

extension Pass {
    /// Rewrites a graph and, in debug builds and under `FOVEA_VERIFY=1`, verifies what comes out.
    ///
    /// - Parameters:
    ///   - graph: A valid graph.
    ///   - verifying: Whether to verify in every build.
    /// - Returns: A valid graph with the same results.
    package func runVerified(_ graph: Graph, verifying: Bool) -> Graph {
        let result = run(graph)
        func violation() -> String? {
            do throws(Diagnostic) {
                try result.verify()
                return result.results.keys == graph.results.keys ? nil : "the results differ"
            } catch {
                return error.description
            }
        }
        assert(violation() == nil, "the pass \(name) made an invalid graph")
        if verifying, let violation = violation() {
            preconditionFailure("the pass \(name) made an invalid graph: \(violation)")
        }
        return result
    }
}

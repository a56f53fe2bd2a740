// SPDX-License-Identifier: Apache-2.0
import FoveaGraph
import Testing

@testable import FoveaCompiler

/// Which concatenations go on where another one ended.
@Suite struct ConcatenationChainTests {
    private static func joined(_ parts: [Graph.Value], _ it: inout Recording) -> Graph.Value {
        it.builder.derive(.concatenation(Op.Concatenation()), parts)
    }

    @Test func aChainIsAsWideAsItsLast() {
        var it = Recording()
        let x = it.images([2, 3, 4, 4])
        let a = Self.joined([x, it.convolution(x, 5, "a")], &it)
        let b = Self.joined([a, it.convolution(a, 7, "b")], &it)
        let c = Self.joined([b, it.convolution(b, 1, "c")], &it)
        it.output("y", c)
        let graph = it.builder.graph, chains = ConcatenationChains(graph)
        let nodes = [a, b, c].map { graph.nodes[$0.node] }
        #expect(nodes.map { chains.whole(of: $0)?.shape.channels } == [16, 16, 16])
        #expect(nodes.map(chains.continues) == [false, true, true])
    }

    @Test func whatStandsAloneIsNoChain() {
        var it = Recording()
        let x = it.images([2, 3, 4, 4])
        let a = Self.joined([x, x], &it)
        // Behind another tensor it is not at the beginning.
        let b = Self.joined([x, a], &it)
        it.output("y", b)
        let graph = it.builder.graph, chains = ConcatenationChains(graph)
        #expect(graph.nodes.allSatisfy { chains.whole(of: $0) == nil && !chains.continues($0) })
    }

    @Test func onlyOneGoesOnAtAPlace() {
        var it = Recording()
        let x = it.images([2, 3, 4, 4])
        let a = Self.joined([x, x], &it)
        let b = Self.joined([a, x], &it)
        let c = Self.joined([a, it.convolution(x, 5, "c")], &it)
        // What is doubled would have to be copied from where it is written to.
        let d = Self.joined([b, b], &it)
        it.output("c", c)
        it.output("d", d)
        let graph = it.builder.graph, chains = ConcatenationChains(graph)
        let nodes = [a, b, c, d].map { graph.nodes[$0.node] }
        #expect(nodes.map { chains.whole(of: $0)?.shape.channels } == [9, 9, nil, nil])
        #expect(nodes.map(chains.continues) == [false, true, false, false])
    }
}

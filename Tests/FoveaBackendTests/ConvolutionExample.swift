// SPDX-License-Identifier: Apache-2.0
import FoveaGraph
import FoveaRuntime
import FoveaTestSupport
import Testing

@testable import FoveaOneDNN

/// A convolution for kernels of our own, and its comparison with the reference.
struct ConvolutionExample: Sendable, CustomTestStringConvertible {
    let x: Shape
    let outputs: Int
    let window: Window

    /// Products need the vectors of AVX2 at least.
    static let arePossible = OneDNNLibrary().name.contains("avx")

    var testDescription: String { "\(window) of \(x) to \(outputs)" }

    /// The shape of its weights.
    var weights: Shape { [outputs, x.channels, window.kernel.height, window.kernel.width] }

    /// The kernel's extent as names of kernels have it.
    var extent: String { "\(window.kernel.height)x\(window.kernel.width)" }

    /// It forward and backward, with bias and ReLU.
    var single: ConformanceCase { .block(x, weights, Op.Convolution(window)) }

    /// Runs it forward and backward, with bias and ReLU, and compares it with the reference.
    ///
    /// - Parameters:
    ///   - name: Part of the name of the kernels that shall compute it, wherever they can.
    ///   - kernels: The kernels with such names that are expected.
    ///   - chosen: Part of the names of which kernels are taken; `name` if nil.
    ///   - arrangement: How images lie; as suits the graph if nil.
    /// - Throws: An error if it cannot be planned or run.
    func expectReference(
        named name: String, kernels: [String], choosing chosen: String? = nil,
        arrangement: Arrangement? = nil
    ) throws {
        let graph = try single.graph
        let prepared = try PreparedGraph(
            graph, arrangement: arrangement, selection: .named(chosen ?? name))
        #expect(prepared.kernels.filter { $0.contains(name) } == kernels)
        let values = single.values(graph)
        prepared.write(values)
        try prepared.run()
        var expected = try ReferenceInterpreter(graph).run(inputs: [:], parameters: values)
        expected[.output("loss")] = nil
        expectAgreement(prepared, expected, .exact, "\(name) \(single.name)")
        // A second run finds other numbers in scratch memory.
        let first = prepared.bits
        try prepared.run()
        #expect(prepared.bits == first)
    }
}

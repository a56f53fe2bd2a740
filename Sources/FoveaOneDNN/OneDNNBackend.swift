// SPDX-License-Identifier: Apache-2.0
import COneDNN
package import FoveaCompiler
package import FoveaGraph
package import FoveaRuntime

/// The processor's cores as a device: oneDNN's kernels, in one arena that all plans share.
///
/// Plans of one backend never run at the same time, so that training, evaluation and a last partial
/// batch need the memory of the largest of them only. An output is to be read before another plan
/// of the same backend runs.
package struct OneDNNBackend: Backend {
    let arena: DeviceMemory
    package let threadCount: Int
    private let selection: ConvolutionSelection
    private let precision: DType

    /// Makes a backend.
    ///
    /// - Parameters:
    ///   - threads: The number of threads; if nil `OMP_NUM_THREADS`, else as many as there are cores.
    ///   - selection: How convolutions choose among their kernels.
    ///   - precision: The type in which images lie between convolutions.
    /// - Throws: An error if the number is out of range.
    package init(
        threads: Int? = nil, selection: ConvolutionSelection = .estimated, precision: DType = .f32
    ) throws(FoveaError) {
        self.selection = selection
        self.precision = precision
        // The standard is read before a number is set, or it would be that number from then on.
        let standard = Team.standardCount
        threadCount = threads ?? standard
        guard (1...1024).contains(threadCount) else {
            throw FoveaError(
                .usage, "cannot compute on \(threadCount) threads.",
                remedy: "Choose --threads from 1 to 1024.")
        }
        arena = try DeviceMemory(byteCount: 0)
    }

    package var libraryName: String { OneDNNLibrary(selection, precision: precision).name }

    package func plan(
        _ graph: Graph, sharing store: (any ParameterStore)?, runsSeldom: Bool
    ) throws(FoveaError) -> Plan {
        let selection = runsSeldom ? selection.withoutTrying : selection
        return try Team.perform(threads: threadCount) { () throws(FoveaError) -> Plan in
            let library = OneDNNLibrary(
                selection, precision: precision, arrangement: Processor.arrangement(for: graph))
            return try Compiler(for: library).plan(graph, parameters: store?.slots ?? [])
        }
    }

    package func makeParameters(
        for plan: Plan, optimizer: Optimizer?
    ) throws(FoveaError) -> any ParameterStore {
        try OneDNNParameters(plan, optimizer)
    }

    package func prepare(
        _ plan: Plan, parameters: any ParameterStore
    ) throws(FoveaError) -> any Executable {
        guard let parameters = parameters as? OneDNNParameters else {
            preconditionFailure("the parameters belong to another device")
        }
        return try OneDNNExecutable(plan, parameters, arena, threads: threadCount)
    }
}

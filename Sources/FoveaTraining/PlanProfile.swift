// SPDX-License-Identifier: Apache-2.0
import FoveaCompiler
public import FoveaGraph
public import FoveaLayers
public import FoveaModels
public import FoveaRuntime

/// How long each step of a network's plan takes, on random data.
public struct PlanProfile: Sendable, Codable {
    /// One step, or the update of the weights that ends a training step.
    public struct Step: Sendable, Codable {
        /// Its place in the order of execution, counted from one.
        public let number: Int
        /// The path of the layer it belongs to.
        public let path: String
        /// What it computes, as a graph's text form names it: `convolutionWeightGradient`, `reorder`.
        public let operation: String
        /// The settings of the operation: "3×3, stride 2", or nothing.
        public let attributes: String
        /// With which steps it is counted: `convolutions`, `pooling`, `reorders`.
        public let kind: String
        /// Its code, such as `jit:avx2`.
        public let kernel: String
        /// How what it reads lies in memory.
        public let inputLayouts: [String]
        /// How what it writes lies in memory.
        public let outputLayouts: [String]
        /// The median of its times.
        public let milliseconds: Double
        /// Its part of the time of all steps, from 0 to 1.
        public internal(set) var share: Double
        /// Its multiply-adds.
        public let multiplyAdds: Int
        /// The bytes it reads and writes, each tensor counted once.
        public let bytes: Int
        /// Twice its multiply-adds over its time; nil if it has none.
        public let gigaflopsPerSecond: Double?
        /// Its bytes over its time; nil if it has multiply-adds.
        public let gigabytesPerSecond: Double?
    }

    /// All steps of one kind.
    public struct Total: Sendable, Codable {
        /// What they do.
        public let kind: String
        /// How many they are.
        public let steps: Int
        /// Their times together.
        public let milliseconds: Double
        /// Their part of the time of all steps, from 0 to 1.
        public let share: Double
        /// Twice their multiply-adds over their time; nil if they have none.
        public let gigaflopsPerSecond: Double?
        /// Their bytes over their time; nil if they have multiply-adds.
        public let gigabytesPerSecond: Double?
    }

    /// `train` or `infer`.
    public let mode: String
    /// The element type of activations.
    public let precision: String
    /// The number of images of a step.
    public let batch: Int
    /// The number of threads.
    public let threads: Int
    /// What it ran on.
    public let device: String
    /// The name and version of the library the kernels are from.
    public let library: String
    /// How often the plan was run and timed.
    public let runs: Int
    /// The images of a run over its median time.
    public let imagesPerSecond: Double
    /// The shortest, median and longest time of a whole run.
    public let millisecondsPerStep: Benchmark.Spread
    /// The size of the arena for everything between the steps.
    public let arenaBytes: Int
    /// By how much the arena would be smaller if no kernel used memory while it runs.
    public let scratchBytes: Int
    /// The size of all parameters.
    public let parameterBytes: Int
    /// The number of steps that are done only when the parameters have changed, and are not timed.
    public let preparationSteps: Int
    /// The steps as they are executed; in training the update of the weights is the last.
    public private(set) var steps: [Step]
    /// The kinds of steps, the one that takes longest first.
    public let totals: [Total]

    /// Measures the steps of a network's plan.
    ///
    /// - Parameters:
    ///   - entry: The network.
    ///   - options: What is chosen about it.
    ///   - image: The shape of one image.
    ///   - mode: Training or inference.
    ///   - batch: The number of images of a step.
    ///   - device: What it runs on.
    ///   - precision: The numbers that it computes with.
    ///   - threads: The number of threads of the CPU.
    ///   - seconds: How long runs are timed.
    /// - Throws: An error if the network does not fit its images or the device.
    public init(
        _ entry: Catalog.Entry, options: Catalog.Options, image: Shape, mode: Mode, batch: Int,
        device: Device, precision: Precision = .f32, threads: Int?, seconds: Double
    ) throws(FoveaError) {
        let work = try BenchmarkWork(
            entry, options: options, image: image, mode: mode, batch: batch, device: device,
            precision: precision, threads: threads)
        let plan = work.executable.plan
        var samples: [[Double]] = []
        let times = try work.measure(seconds: seconds) {
            work.executable.setProfiling(true)
        } ended: {
            samples.append(work.executable.stepSeconds + [work.updateSeconds])
            // The times add up until measuring begins anew.
            work.executable.setProfiling(true)
        }
        let medians = (0...plan.steps.count).map { step in
            samples.map { $0[step] }.sorted()[samples.count / 2] * 1000
        }
        var steps = plan.steps.enumerated().map { index, step in
            Step(step, number: index + 1, of: plan, milliseconds: medians[index])
        }
        if mode == .training {
            steps.append(
                Step(updating: plan, number: steps.count + 1, milliseconds: medians[steps.count]))
        }
        let sum = steps.reduce(0) { $0 + $1.milliseconds }
        for index in steps.indices { steps[index].share = steps[index].milliseconds / sum }
        self.mode = mode == .training ? "train" : "infer"
        self.precision = precision.rawValue
        self.batch = batch
        self.threads = work.network.backend.threadCount
        self.device = device.name
        library = plan.library
        runs = times.count
        millisecondsPerStep = Benchmark.Spread(of: times)
        imagesPerSecond = Double(batch) / millisecondsPerStep.median * 1000
        arenaBytes = plan.arenaByteCount
        scratchBytes = plan.scratchByteCount
        parameterBytes = plan.parameterByteCount
        preparationSteps = plan.preparation.count
        self.steps = steps
        totals = Total.all(of: steps)
    }

    /// The same with only so many steps that take longest, these first.
    package func keeping(longest count: Int) -> Self {
        var kept = self
        kept.steps.sort { ($1.milliseconds, $0.number) < ($0.milliseconds, $1.number) }
        kept.steps.removeLast(max(steps.count - count, 0))
        return kept
    }
}

extension PlanProfile.Step {
    fileprivate init(_ step: Plan.Step, number: Int, of plan: Plan, milliseconds: Double) {
        let definition: (any OpDefinition)?
        switch step.action {
        case .reorder: (definition, kind) = (nil, "reorders")
        case .compute(let op): (definition, kind) = (op.definition, op.kind.rawValue)
        }
        operation = definition?.name ?? "reorder"
        attributes = definition?.attributes ?? ""
        self.number = number
        path = step.path
        kernel = step.kernel.name
        inputLayouts = step.inputs.map { plan.buffers[$0].layout.name }
        outputLayouts = step.outputs.map { plan.buffers[$0].layout.name }
        multiplyAdds = step.multiplyAdds
        bytes = Set(step.inputs).union(step.outputs).reduce(0) {
            $0 + plan.buffers[$1].layout.byteCount
        }
        self.milliseconds = milliseconds
        share = 0
        (gigaflopsPerSecond, gigabytesPerSecond) = rates(multiplyAdds, bytes, milliseconds)
    }

    /// What plain SGD does: it reads weights and gradients, and writes weights.
    fileprivate init(updating plan: Plan, number: Int, milliseconds: Double) {
        self.number = number
        (path, operation, attributes) = ("", "update", "")
        (kind, kernel) = ("optimizer", "fovea:sgd")
        (inputLayouts, outputLayouts) = ([], [])
        multiplyAdds = 0
        bytes = 3 * (plan.parameterByteCount - plan.statisticByteCount)
        self.milliseconds = milliseconds
        share = 0
        (gigaflopsPerSecond, gigabytesPerSecond) = rates(0, bytes, milliseconds)
    }
}

extension PlanProfile.Total {
    /// Counts steps of the same kind together, the kind that takes longest first.
    fileprivate static func all(of steps: [PlanProfile.Step]) -> [Self] {
        Dictionary(grouping: steps, by: \.kind).map { kind, steps in
            let milliseconds = steps.reduce(0) { $0 + $1.milliseconds }
            let (flops, bytes) = rates(
                steps.reduce(0) { $0 + $1.multiplyAdds }, steps.reduce(0) { $0 + $1.bytes },
                milliseconds)
            return Self(
                kind: kind, steps: steps.count, milliseconds: milliseconds,
                share: steps.reduce(0) { $0 + $1.share }, gigaflopsPerSecond: flops,
                gigabytesPerSecond: bytes)
        }.sorted { ($1.milliseconds, $0.kind) < ($0.milliseconds, $1.kind) }
    }
}

/// GFLOP/s where there are multiply-adds, otherwise GB/s.
private func rates(
    _ multiplyAdds: Int, _ bytes: Int, _ milliseconds: Double
) -> (flops: Double?, bytes: Double?) {
    guard milliseconds > 0 else { return (nil, nil) }
    let perSecond = 1e-6 / milliseconds
    return multiplyAdds > 0
        ? (Double(2 * multiplyAdds) * perSecond, nil) : (nil, Double(bytes) * perSecond)
}

// SPDX-License-Identifier: Apache-2.0
public import FoveaGraph
public import FoveaLayers
public import FoveaModels
public import FoveaRuntime
import FoveaArrays
import Glibc

/// The speed of a network on random data: whole training steps, or inference.
public struct Benchmark: Sendable, Codable {
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
    /// The images of a step over its median time.
    public let imagesPerSecond: Double
    /// The shortest, median and longest time of a step.
    public let millisecondsPerStep: Spread
    /// The largest memory the process has had so far.
    public let peakMemoryBytes: Int

    /// The shortest, median and longest of several times.
    public struct Spread: Sendable, Codable {
        /// The shortest.
        public let min: Double
        /// The median.
        public let median: Double
        /// The longest.
        public let max: Double
    }

    /// Measures a network.
    ///
    /// A training step is forward, loss, backward and plain SGD, as PyTorch's side of the comparison
    /// has it. Two steps warm up; then steps are timed for as long as is asked, at least three.
    ///
    /// - Parameters:
    ///   - entry: The network.
    ///   - options: What is chosen about it.
    ///   - image: The shape of one image.
    ///   - mode: Training or inference.
    ///   - batch: The number of images of a step.
    ///   - device: What it runs on.
    ///   - threads: The number of threads of the CPU.
    ///   - seconds: How long steps are timed.
    /// - Throws: An error if the network does not fit its images or the device.
    public init(
        _ entry: Catalog.Entry, options: Catalog.Options, image: Shape, mode: Mode, batch: Int,
        device: Device, threads: Int?, seconds: Double
    ) throws(FoveaError) {
        let backend = try device.makeBackend(threads: threads)
        let network = try PreparedNetwork(
            image: image, batch: batch, mode: mode, optimizer: mode == .training ? .sgd() : nil,
            on: backend
        ) { (images, mode) throws(FoveaError) -> TracedNetwork in
            try entry.traced(
                images: images, mode: mode, options: options,
                lossSmoothing: mode == .training ? 0 : nil)
        }
        network.write(Weights(drawing: network.specifications, seed: 0))
        let executable = try network.executable(mode, batch: batch)
        var stream = RandomStream(seed: 0, purpose: .input)
        let images = (0..<batch * image.count).map { _ in stream.uniform() }
        let labels = (0..<batch).map { _ in Int32(stream.whole(below: network.classes)) }

        var times: [Double] = []
        var warmUps = 2
        let clock = ContinuousClock()
        var end = clock.now + .seconds(seconds)
        var step = 0
        while warmUps > 0 || times.count < 3 || (clock.now < end && times.count < 1000) {
            let start = clock.now
            try executable.run(images, labels, RandomDraw(seed: 0, step: step))
            if mode == .training { _ = network.parameters.update(rate: 0.01, step: step + 1) }
            let elapsed = start.duration(to: clock.now)
            step += 1
            if warmUps > 0 {
                warmUps -= 1
                end = clock.now + .seconds(seconds)
            } else {
                times.append(elapsed / .milliseconds(1))
            }
        }
        times.sort()
        self.mode = mode == .training ? "train" : "infer"
        precision = "f32"
        self.batch = batch
        self.threads = backend.threadCount
        self.device = device.name
        let median = times[times.count / 2]
        imagesPerSecond = Double(batch) / median * 1000
        millisecondsPerStep = Spread(
            min: times[0], median: median, max: times[times.count - 1])
        peakMemoryBytes = peakResidentByteCount()
    }
}

extension Executable {
    /// Runs the plan on arrays.
    package func run(
        _ images: [Float], _ labels: [Int32]?, _ draw: RandomDraw
    ) throws(FoveaError) {
        do {
            try images.withUnsafeBufferPointer { images in
                guard let labels else {
                    return try run(images: images, labels: nil, draw: draw)
                }
                try labels.withUnsafeBufferPointer {
                    try run(images: images, labels: $0, draw: draw)
                }
            }
        } catch {
            throw error as? FoveaError ?? FoveaError(.bug, "\(error)")
        }
    }
}

/// The largest memory the process has had so far, in bytes.
package func peakResidentByteCount() -> Int {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss * 1024
}

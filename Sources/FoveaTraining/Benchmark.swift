// SPDX-License-Identifier: Apache-2.0
public import FoveaGraph
public import FoveaLayers
public import FoveaModels
public import FoveaRuntime
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

        /// Looks for them among times, of which there is at least one.
        package init(of times: [Double]) {
            let times = times.sorted()
            min = times[0]
            median = times[times.count / 2]
            max = times[times.count - 1]
        }
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
    ///   - precision: The numbers that it computes with.
    ///   - threads: The number of threads of the CPU.
    ///   - seconds: How long steps are timed.
    /// - Throws: An error if the network does not fit its images or the device.
    public init(
        _ entry: Catalog.Entry, options: Catalog.Options, image: Shape, mode: Mode, batch: Int,
        device: Device, precision: Precision = .f32, threads: Int?, seconds: Double
    ) throws(FoveaError) {
        // In one process there may be several measurements, each with a peak of its own.
        restartPeak()
        let work = try BenchmarkWork(
            entry, options: options, image: image, mode: mode, batch: batch, device: device,
            precision: precision, threads: threads)
        let spread = Spread(of: try work.measure(seconds: seconds))
        self.mode = mode == .training ? "train" : "infer"
        self.precision = precision.rawValue
        self.batch = batch
        self.threads = work.network.backend.threadCount
        self.device = device.name
        imagesPerSecond = Double(batch) / spread.median * 1000
        millisecondsPerStep = spread
        peakMemoryBytes = peakResidentByteCount()
    }
}

extension Executable {
    /// Runs the plan on arrays.
    package func run(
        _ images: [Float], _ labels: [Int32]?, _ draw: RandomDraw
    ) throws(FoveaError) {
        try images.withUnsafeBufferPointer { images throws(FoveaError) in
            guard let labels else {
                return try run(images: images, labels: nil, draw: draw)
            }
            try labels.withUnsafeBufferPointer { labels throws(FoveaError) in
                try run(images: images, labels: labels, draw: draw)
            }
        }
    }
}

/// Lets the largest memory of the process be counted anew from what it has now, where the system can.
func restartPeak() {
    guard let file = fopen("/proc/self/clear_refs", "w") else { return }
    fputs("5", file)
    fclose(file)
}

/// The largest memory the process has had so far, in bytes.
///
/// What `getrusage` tells would include the memory of whoever started the process.
package func peakResidentByteCount() -> Int {
    // Such as "12345 kB".
    if let text = RunRecord.Machine.field("VmHWM", of: "/proc/self/status"),
        let kibibytes = Int(text.prefix { $0.isNumber })
    {
        return kibibytes * 1024
    }
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss * 1024
}

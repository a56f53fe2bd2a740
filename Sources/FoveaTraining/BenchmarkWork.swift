// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
package import FoveaGraph
package import FoveaLayers
package import FoveaModels
package import FoveaRuntime

/// What is measured: a network with its first weights, and a batch of random images and labels.
///
/// A training step is forward, loss, backward and plain SGD, as PyTorch's side of the comparison
/// has it.
package final class BenchmarkWork {
    /// The network on its device.
    package let network: PreparedNetwork
    /// The plan that is run.
    package let executable: any Executable
    /// How long the last update of the weights took, in seconds; zero outside of training.
    package private(set) var updateSeconds = 0.0
    private let isTraining: Bool
    private let images: [Float]
    private let labels: [Int32]
    private var steps = 0

    /// Prepares a network of the catalog.
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
    /// - Throws: An error if the network does not fit its images or the device.
    package init(
        _ entry: Catalog.Entry, options: Catalog.Options, image: Shape, mode: Mode, batch: Int,
        device: Device, precision: Precision, threads: Int?
    ) throws(FoveaError) {
        isTraining = mode == .training
        let smoothing: Float? = isTraining ? 0 : nil
        network = try PreparedNetwork(
            image: image, batch: batch, mode: mode, optimizer: isTraining ? .sgd() : nil,
            on: try device.makeBackend(threads: threads, precision: precision)
        ) { (images, mode) throws(FoveaError) -> TracedNetwork in
            try entry.traced(
                images: images, mode: mode, options: options, lossSmoothing: smoothing)
        }
        // One at a time, lest a second copy of all of them be the peak of the process.
        for parameter in network.specifications {
            network.write(Weights(drawing: [parameter], seed: 0))
        }
        executable = try network.executable(mode, batch: batch)
        var stream = RandomStream(seed: 0, purpose: .input)
        images = (0..<batch * image.count).map { _ in stream.uniform() }
        let classes = network.classes
        labels = (0..<batch).map { _ in Int32(stream.whole(below: classes)) }
    }

    /// Does one step.
    package func step() throws(FoveaError) {
        try executable.run(images, labels, RandomDraw(seed: 0, step: steps))
        steps += 1
        guard isTraining else { return }
        let start = ContinuousClock.now
        _ = network.parameters.update(rate: 0.01, step: steps)
        updateSeconds = start.duration(to: .now) / .seconds(1)
    }

    /// Does steps for a while: two to warm up, then at least three and at most a thousand.
    ///
    /// - Parameters:
    ///   - seconds: How long steps are timed.
    ///   - began: What is done when the warm-up is over.
    ///   - ended: What is done after each step that is timed, outside of its time.
    /// - Returns: The time of each step in milliseconds.
    /// - Throws: An error if a kernel fails.
    package func measure(
        seconds: Double, began: () -> Void = {}, ended: () -> Void = {}
    ) throws(FoveaError) -> [Double] {
        for _ in 0..<2 { try step() }
        began()
        var times: [Double] = []
        let end = ContinuousClock.now + .seconds(seconds)
        while times.count < 3 || (ContinuousClock.now < end && times.count < 1000) {
            let start = ContinuousClock.now
            try step()
            times.append(start.duration(to: .now) / .milliseconds(1))
            ended()
        }
        return times
    }
}

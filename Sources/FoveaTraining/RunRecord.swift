// SPDX-License-Identifier: Apache-2.0

/// What `run.json` says: the settings, the machine, the data and the result.
public struct RunRecord: Codable, Sendable {
    /// The version of this form.
    public var schema = 1
    /// `running`, `finished`, `stopped` or `failed`.
    public var status: String
    /// All settings.
    public var configuration: TrainingConfiguration
    /// What the run was made with.
    public var versions: Versions
    /// What it ran on.
    public var machine: Machine
    /// What it was trained on.
    public var data: DataFacts
    /// What came out.
    public var result: Result?
    /// Why it ended early, if it did.
    public var reason: String?

    /// Versions of what a run was made with.
    public struct Versions: Codable, Sendable {
        /// Fovea's own.
        public var fovea: String
        /// The library of kernels, with the instruction set it uses.
        public var library: String
    }

    /// The machine of a run.
    public struct Machine: Codable, Sendable {
        /// The processor's name.
        public var processor: String
        /// The number of cores.
        public var cores: Int
        /// The size of its memory.
        public var memoryBytes: Int
        /// The name of the operating system.
        public var system: String
    }

    /// The data of a run.
    public struct DataFacts: Codable, Sendable {
        /// The name of the data set.
        public var name: String
        /// Where it was found.
        public var origin: String
        /// A digest of the training and test images and labels.
        public var fingerprint: String
        /// The number of training images.
        public var trainingImages: Int
        /// The number of test images.
        public var testImages: Int
        /// The names of the classes.
        public var classes: [String]
    }

    /// The result, under the names that `train --json` prints.
    public struct Result: Codable, Sendable {
        /// The network's name.
        public var network: String
        /// The data set's name.
        public var data: String
        /// The recipe the settings began from.
        public var recipe: String
        /// The number of epochs.
        public var epochs: Int
        /// The number of steps.
        public var steps: Int
        /// The mean training loss of the last epoch.
        public var loss: Double
        /// The training accuracy of the last epoch.
        public var trainAccuracy: Double
        /// The test accuracy after the last epoch.
        public var testAccuracy: Double
        /// The best test accuracy of all epochs.
        public var bestTestAccuracy: Double
        /// The epoch it belongs to, counted from one.
        public var bestEpoch: Int
        /// The images of a second within steps.
        public var imagesPerSecond: Double
        /// The images of a second with waiting for them and with tests.
        public var imagesPerSecondWithLoading: Double
        /// The share of the time spent waiting for images to be loaded.
        public var waiting: Double
        /// The seconds of steps, waiting and tests, of all starts of the run; plans, checkpoints and pictures come
        /// on top.
        public var seconds: Double
        /// The largest memory the process has had.
        public var peakMemoryBytes: Int
        /// What it ran on.
        public var device: String
        /// The element type of activations.
        public var precision: String
        /// The number of threads.
        public var threads: Int
        /// The seed.
        public var seed: UInt64
        /// The run's folder.
        public var run: String
    }
}

// SPDX-License-Identifier: Apache-2.0

/// What went wrong in the world around a network: a file, a format, a device, a setting.
public struct FoveaError: Error, Sendable, CustomStringConvertible {
    /// The kind of an error, from which the command takes its exit code.
    public struct Code: Hashable, Sendable {
        /// The name of the kind.
        public let name: String

        init(_ name: String) { self.name = name }

        /// A setting or an argument that makes no sense.
        public static let usage = Code("usage")
        /// A network that does not fit its input or its weights' names.
        public static let model = Code("model")
        /// A weights file that cannot be used.
        public static let weights = Code("weights")
        /// A data set or an image that cannot be used.
        public static let dataset = Code("dataset")
        /// An input that is not there.
        public static let missing = Code("missing")
        /// A device or a service that is not there.
        public static let device = Code("device")
        /// A file or folder that cannot be created.
        public static let cannotCreate = Code("cannotCreate")
        /// A file that could not be written to its end.
        public static let cannotWrite = Code("cannotWrite")
        /// Numbers of a run that are not finite; what was saved before is there.
        public static let stopped = Code("stopped")
        /// A mistake of Fovea itself.
        public static let bug = Code("bug")
    }

    /// The kind of the error.
    public var code: Code
    /// What was expected and what was found, in one sentence.
    public var message: String
    /// What to do about it.
    public var remedy: String?
    /// The file or the parameter it is about.
    public var path: String?

    /// Makes an error.
    public init(_ code: Code, _ message: String, remedy: String? = nil, path: String? = nil) {
        self.code = code
        self.message = message
        self.remedy = remedy
        self.path = path
    }

    /// The path, the message and the remedy, as the command prints them.
    public var description: String {
        let place = path.map { "\($0): " } ?? ""
        return place + message + (remedy.map { "\n\($0)" } ?? "")
    }
}

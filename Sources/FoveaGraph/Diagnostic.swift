// SPDX-License-Identifier: Apache-2.0

/// A mistake in a network: what is wrong, at which layer.
public struct Diagnostic: Error, Hashable, Sendable, CustomStringConvertible {
    /// The path of the layer, such as `features.5`; empty where there is none.
    public var path: String
    /// What was needed and what was found.
    public var message: String

    /// Makes a diagnostic.
    public init(_ message: String, path: String = "") {
        self.path = path
        self.message = message
    }

    /// The path and the message, as in "features.5: max pooling 3×3 needs at least 3×3, …".
    public var description: String {
        path.isEmpty ? message : "\(path): \(message)"
    }
}

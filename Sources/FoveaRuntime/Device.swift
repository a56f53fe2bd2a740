// SPDX-License-Identifier: Apache-2.0

/// What a network runs on.
public struct Device: Sendable, Hashable, CustomStringConvertible {
    /// The name as the command spells it.
    public let name: String

    /// The processor's cores.
    public static let cpu = Device(name: "cpu")

    /// The name.
    public var description: String { name }
}

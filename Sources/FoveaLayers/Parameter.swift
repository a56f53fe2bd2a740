// SPDX-License-Identifier: Apache-2.0
public import FoveaGraph
import Synchronization

/// A place for numbers that a layer owns: how they begin and what they are for, but not the numbers.
///
/// The shape is known when the layer meets its input; the numbers live outside the network, in a
/// dictionary by name.
public struct Parameter: Sendable {
    /// How the numbers are drawn before training.
    public let initializer: Initializer
    /// What the numbers are for.
    public let role: ParameterRole
    let identity = Identity()

    /// Makes a parameter.
    public init(_ initializer: Initializer, role: ParameterRole = .weight) {
        self.initializer = initializer
        self.role = role
    }
}

/// What tells one layer or parameter from all others in the process.
///
/// A layer that keeps one among its stored properties is known to the trace by the path at which
/// the walk over the network found it.
public struct Identity: Hashable, Sendable {
    private let number: Int

    /// Makes an identity that differs from all others.
    public init() {
        number = Self.counter.add(1, ordering: .relaxed).newValue
    }

    private static let counter = Atomic<Int>(0)
}

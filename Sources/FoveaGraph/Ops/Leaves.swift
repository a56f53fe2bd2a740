// SPDX-License-Identifier: Apache-2.0

/// What a parameter is for.
public enum ParameterRole: String, Hashable, Sendable {
    /// Learned by gradient descent.
    case weight
    /// Gathered from the data, such as a running mean.
    case statistic
}

extension Op {
    /// A value that is given at every execution: the images, the labels.
    public struct Input: OpDefinition {
        /// `images` or `labels`.
        public var label: String
        /// What is given.
        public var type: TensorType

        /// Makes an input.
        public init(_ label: String, _ type: TensorType) {
            self.label = label
            self.type = type
        }

        package var name: String { "input" }
        package var attributes: String { label }
        package func outputs(for inputs: [TensorType]) throws(Diagnostic) -> [TensorType] { [type] }
    }

    /// A value that lives as long as the plan: a weight, a bias, a running mean.
    public struct Parameter: OpDefinition {
        /// The name in weights files, such as `features.0.weight`.
        public var key: String
        /// What it is for.
        public var role: ParameterRole
        /// The extents.
        public var shape: Shape

        /// Makes a parameter.
        public init(_ key: String, _ shape: Shape, role: ParameterRole = .weight) {
            self.key = key
            self.shape = shape
            self.role = role
        }

        package var name: String { "parameter" }
        package var attributes: String { role == .weight ? key : "\(key), \(role.rawValue)" }
        package func outputs(for inputs: [TensorType]) throws(Diagnostic) -> [TensorType] {
            [TensorType(shape)]
        }
    }

    /// A scalar that never changes.
    public struct Constant: OpDefinition {
        /// The scalar.
        public var value: Float

        /// Makes a constant.
        public init(_ value: Float) { self.value = value }

        package var name: String { "constant" }
        package var attributes: String { "\(value)" }
        package func outputs(for inputs: [TensorType]) throws(Diagnostic) -> [TensorType] {
            [TensorType([])]
        }
    }
}

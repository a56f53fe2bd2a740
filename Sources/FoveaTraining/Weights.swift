// SPDX-License-Identifier: Apache-2.0
public import FoveaArrays
public import FoveaGraph

/// The numbers of a network, by the names that weights files know them by.
public struct Weights: Sendable {
    /// The arrays in order, each under its name.
    public private(set) var arrays: [(name: String, array: NDArray)]
    /// What the file says beside them: the network, its classes, how images are prepared.
    public var metadata: [String: String]
    private var positions: [String: Int]

    /// Gathers arrays.
    public init(_ arrays: [(name: String, array: NDArray)], metadata: [String: String] = [:]) {
        self.arrays = arrays
        self.metadata = metadata
        positions = Dictionary(
            arrays.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Reads a safetensors file.
    ///
    /// - Parameter path: The file.
    /// - Throws: An error of the code `.missing` if it is not there, `.weights` if it is damaged.
    public init(safetensors path: String) throws(FoveaError) {
        let file = try Safetensors(contentsOf: path)
        self.init(file.tensors, metadata: file.metadata)
    }

    /// The array of this name, if there is one.
    public subscript(name: String) -> NDArray? { positions[name].map { arrays[$0].array } }

    /// Writes a safetensors file, whole or not at all.
    ///
    /// - Parameter path: Where it shall be.
    /// - Throws: An error of the code `.cannotCreate` or `.cannotWrite` that says why.
    public func write(to path: String) throws(FoveaError) {
        try Safetensors(arrays, metadata: metadata).write(to: path)
    }
}

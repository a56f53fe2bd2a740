// SPDX-License-Identifier: Apache-2.0
public import FoveaArrays
public import FoveaGraph
public import FoveaLayers

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

    /// Compares these weights with what a network needs.
    ///
    /// - Parameter parameters: The network's parameters.
    /// - Returns: The names that are missing, that nothing needs, and those of another shape.
    public func mismatch(with parameters: [ParameterSpecification]) -> WeightsMismatch {
        let needed = Set(parameters.map(\.name))
        var result = WeightsMismatch()
        for parameter in parameters {
            guard let array = self[parameter.name] else {
                result.missing.append(parameter.name)
                continue
            }
            if array.type != TensorType(parameter.shape) {
                result.misshapen.append(
                    "\(parameter.name) is \(array.type), not \(TensorType(parameter.shape))")
            }
        }
        result.unexpected = arrays.map(\.name).filter { !needed.contains($0) }
        return result
    }

    /// The weights a network needs, in its order.
    ///
    /// A file that was written from one `nn.Sequential` of PyTorch has numbers for names; if none of
    /// them is the network's own, they are matched in their order, as both count layers in order.
    ///
    /// - Parameters:
    ///   - parameters: The network's parameters.
    ///   - network: The network's name, for the error.
    ///   - path: The file, for the error.
    /// - Returns: The weights under the network's names.
    /// - Throws: An error of the code `.weights` with the names that do not fit.
    public func fitted(
        to parameters: [ParameterSpecification], of network: String, path: String? = nil
    ) throws(FoveaError) -> Weights {
        let candidate = renamedByPosition(parameters) ?? self
        let mismatch = candidate.mismatch(with: parameters)
        guard mismatch.isEmpty else {
            throw FoveaError(
                .weights, "does not hold the weights of \(network): \(mismatch).",
                remedy: "Choose the network these weights were saved from.", path: path)
        }
        return Weights(
            parameters.compactMap { parameter in
                candidate[parameter.name].map { (parameter.name, $0) }
            }, metadata: metadata)
    }

    private func renamedByPosition(_ parameters: [ParameterSpecification]) -> Weights? {
        guard arrays.count == parameters.count,
            !parameters.contains(where: { self[$0.name] != nil })
        else { return nil }
        func position(_ name: String) -> [Int]? {
            let parts = name.split(separator: ".")
            let numbers = parts.dropLast().compactMap { Int($0) }
            let kinds = ["weight": 0, "bias": 1]
            guard let kind = parts.last.flatMap({ kinds[String($0)] }), !numbers.isEmpty,
                numbers.count == parts.count - 1
            else { return nil }
            return numbers + [kind]
        }
        let placed = arrays.compactMap { entry in position(entry.name).map { ($0, entry.array) } }
        guard placed.count == arrays.count else { return nil }
        let ordered = placed.sorted { $0.0.lexicographicallyPrecedes($1.0) }
        return Weights(
            zip(parameters, ordered).map { ($0.name, $1.1) }, metadata: metadata)
    }
}

/// How weights differ from what a network needs.
public struct WeightsMismatch: Sendable, CustomStringConvertible {
    /// Names the network needs and the weights lack.
    public var missing: [String] = []
    /// Names the weights have and the network does not need.
    public var unexpected: [String] = []
    /// Names of another shape, with both shapes.
    public var misshapen: [String] = []

    /// Whether there is no difference.
    public var isEmpty: Bool { missing.isEmpty && unexpected.isEmpty && misshapen.isEmpty }

    /// The three lists, the first names of each.
    public var description: String {
        [("missing", missing), ("unexpected", unexpected), ("of another shape", misshapen)]
            .filter { !$0.1.isEmpty }
            .map { what, names in
                let shown = names.prefix(4).joined(separator: ", ")
                let rest = names.count > 4 ? " and \(names.count - 4) more" : ""
                return "\(what): \(shown)\(rest)"
            }.joined(separator: "; ")
    }
}

// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
public import FoveaGraph
public import FoveaLayers

/// Bringing the weights of a file to the names, the order and the type a network has them in.
extension Weights {
    /// Compares these weights with what a network needs.
    ///
    /// Whole numbers that no parameter asks for, such as PyTorch's counts of batches
    /// (`num_batches_tracked`), are no difference; nor is the width of floats, which are converted.
    ///
    /// - Parameters:
    ///   - parameters: The network's parameters.
    ///   - optional: Names that may be missing, and may be there in whatever shape.
    /// - Returns: The names that are missing, that nothing needs, and those of another shape.
    public func mismatch(
        with parameters: [ParameterSpecification], optional: Set<String> = []
    ) -> WeightsMismatch {
        let needed = Set(parameters.map(\.name))
        var result = WeightsMismatch()
        for parameter in parameters where !optional.contains(parameter.name) {
            guard let array = self[parameter.name] else {
                result.missing.append(parameter.name)
                continue
            }
            if !array.fits(parameter) {
                result.misshapen.append(
                    "\(parameter.name) is \(array.type), not \(TensorType(parameter.shape))")
            }
        }
        result.unexpected = arrays.filter { name, array in
            !needed.contains(name) && !optional.contains(name) && !Self.isCount(name, array)
        }.map(\.name)
        return result
    }

    /// The weights a network needs, in its order, as 32-bit floats.
    ///
    /// Two kinds of other names are understood. A file that was written from one `nn.Sequential` of
    /// PyTorch has numbers for names; if none of them is the network's own, they are matched in
    /// their order, as both count layers in order. And the DenseNets that torchvision published have
    /// a dot before the last number (`norm.1.weight`), which its present names have not.
    ///
    /// - Parameters:
    ///   - parameters: The network's parameters.
    ///   - network: The network's name, for the error.
    ///   - path: The file, for the error.
    ///   - optional: Names of parameters that may be missing, as those of auxiliary heads may when a
    ///     network only classifies; those that are there and fit are among the result.
    /// - Returns: The weights under the network's names.
    /// - Throws: An error of the code `.weights` with the names that do not fit.
    public func fitted(
        to parameters: [ParameterSpecification], of network: String, path: String? = nil,
        optional: Set<String> = []
    ) throws(FoveaError) -> Weights {
        let candidate = renamedByPosition(parameters) ?? renamedDenseLayers(parameters) ?? self
        let mismatch = candidate.mismatch(with: parameters, optional: optional)
        guard mismatch.isEmpty else {
            throw FoveaError(
                .weights, "does not hold the weights of \(network): \(mismatch).",
                remedy: "Choose the network these weights were saved from.", path: path)
        }
        return Weights(
            parameters.compactMap { parameter in
                guard let array = candidate[parameter.name], array.fits(parameter),
                    let floats = array.convertedToFloats()
                else { return nil }
                return (parameter.name, floats)
            }, metadata: metadata)
    }

    /// Whether an array counts something and is no weight.
    private static func isCount(_ name: String, _ array: NDArray) -> Bool {
        !array.type.dtype.isFloat || name.split(separator: ".").last == "num_batches_tracked"
    }

    private func renamedByPosition(_ parameters: [ParameterSpecification]) -> Weights? {
        let weights = arrays.filter { !Self.isCount($0.name, $0.array) }
        guard weights.count == parameters.count,
            !parameters.contains(where: { self[$0.name] != nil })
        else { return nil }
        func position(_ name: String) -> [Int]? {
            let parts = name.split(separator: ".")
            let numbers = parts.dropLast().compactMap { Int($0) }
            let kinds = ["weight": 0, "bias": 1, "running_mean": 2, "running_var": 3]
            guard let kind = parts.last.flatMap({ kinds[String($0)] }), !numbers.isEmpty,
                numbers.count == parts.count - 1
            else { return nil }
            return numbers + [kind]
        }
        let placed = weights.compactMap { entry in position(entry.name).map { ($0, entry.array) } }
        guard placed.count == weights.count else { return nil }
        let ordered = placed.sorted { $0.0.lexicographicallyPrecedes($1.0) }
        return Weights(
            zip(parameters, ordered).map { ($0.name, $1.1) }, metadata: metadata)
    }

    /// The weights under the names that torchvision's DenseNets have now, if they have the old ones.
    private func renamedDenseLayers(_ parameters: [ParameterSpecification]) -> Weights? {
        let needed = Set(parameters.map(\.name))
        var isChanged = false
        let renamed = arrays.map { name, array in
            guard !needed.contains(name), let new = Self.denseLayerName(name), needed.contains(new),
                self[new] == nil
            else { return (name: name, array: array) }
            isChanged = true
            return (name: new, array: array)
        }
        return isChanged ? Weights(renamed, metadata: metadata) : nil
    }

    /// `….denselayer3.norm.1.weight` as `….denselayer3.norm1.weight`: the rule is torchvision's.
    static func denseLayerName(_ name: String) -> String? {
        var parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count >= 4 else { return nil }
        let layer = parts.count - 4
        let number = parts[layer].reversed().prefix { ("0"..."9").contains($0) }.count
        guard number > 0, parts[layer].dropLast(number).hasSuffix("denselayer"),
            ["norm", "relu", "conv"].contains(parts[layer + 1]),
            ["1", "2"].contains(parts[layer + 2]),
            ["weight", "bias", "running_mean", "running_var"].contains(parts[layer + 3])
        else { return nil }
        parts[layer + 1] = parts[layer + 1] + parts[layer + 2]
        parts.remove(at: layer + 2)
        return parts.joined(separator: ".")
    }
}

extension NDArray {
    /// Whether it has the shape of a parameter and holds floats, of whatever width.
    fileprivate func fits(_ parameter: ParameterSpecification) -> Bool {
        shape == parameter.shape && type.dtype.isFloat
    }
}

extension DType {
    /// Whether elements of the type are floats.
    fileprivate var isFloat: Bool {
        switch self {
        case .f32, .f64, .f16, .bf16: true
        case .i64, .i32, .u8: false
        }
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
                let shown = names.prefix(4).map(legibleName).joined(separator: ", ")
                let rest = names.count > 4 ? " and \(names.count - 4) more" : ""
                return "\(what): \(shown)\(rest)"
            }.joined(separator: "; ")
    }
}

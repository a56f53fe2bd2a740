// SPDX-License-Identifier: Apache-2.0

/// A value whose stored properties may hold parameters, or layers that do.
public protocol Parameterized: Sendable {
    /// The parts that may hold parameters, under the names checkpoints know them by.
    ///
    /// The default reads this value's stored properties once, before tracing, and turns their names
    /// to snake case. Nothing is ever written through it.
    var parts: [Part] { get }
}

/// A named part of a layer or network.
public struct Part {
    /// What a part may be.
    public enum Content {
        /// A parameter of the layer itself.
        case parameter(Parameter)
        /// A layer, or another value with parts.
        case parameterized(any Parameterized)
        /// What the trace knows the layer itself by.
        case identity(Identity)
    }

    /// The name within its owner; joined with dots the names make a path.
    public let name: String
    /// What it is.
    public let content: Content

    /// Makes a part.
    public init(_ name: String, _ content: Content) {
        self.name = name
        self.content = content
    }
}

extension Parameterized {
    /// The stored properties that are parameters, layers, or arrays and optionals of layers.
    public var parts: [Part] {
        Mirror(reflecting: self).children.flatMap { child -> [Part] in
            let name = snakeCase(child.label ?? "")
            switch child.value {
            case let parameter as Parameter: return [Part(name, .parameter(parameter))]
            case let identity as Identity: return [Part(name, .identity(identity))]
            case let part as any Parameterized: return [Part(name, .parameterized(part))]
            case let array as [any Parameterized]:
                return array.enumerated().map { index, element in
                    Part("\(name).\(index)", .parameterized(element))
                }
            default: return []
            }
        }
    }
}

/// The name of a property as weights files spell it: `runningMean` becomes `running_mean`.
func snakeCase(_ name: String) -> String {
    var result = ""
    for character in name {
        if character.isUppercase {
            result += "_" + character.lowercased()
        } else {
            result.append(character)
        }
    }
    return result
}

/// The paths at which a walk over a network found its parameters and layers.
struct ParameterPaths {
    private(set) var parameters: [Identity: String] = [:]
    private(set) var layers: [Identity: [String]] = [:]
    private(set) var order: [Identity] = []
    private(set) var shared: [(first: String, second: String)] = []
    /// The paths at which parameters of two layers would have one name.
    private(set) var clashes: [String] = []
    private var taken: Set<String> = []

    init(of network: any Parameterized) {
        walk(network, "")
    }

    /// The paths of a value that the walk came by, found by the first thing inside it that has an
    /// identity.
    func places(of value: any Parameterized) -> [String] {
        guard let (path, identity) = Self.firstIdentity(in: value, "") else { return [] }
        let known = layers[identity] ?? parameters[identity].map { [$0] } ?? []
        return known.compactMap { full in
            guard full.hasSuffix(path) else { return nil }
            let prefix = full.dropLast(path.count)
            return String(prefix.hasSuffix(".") ? prefix.dropLast() : prefix)
        }
    }

    private static func firstIdentity(
        in owner: any Parameterized, _ path: String
    ) -> (path: String, identity: Identity)? {
        for part in owner.parts {
            let place = path.isEmpty ? part.name : "\(path).\(part.name)"
            switch part.content {
            case .identity(let identity): return (path, identity)
            case .parameter(let parameter): return (place, parameter.identity)
            case .parameterized(let inner):
                if let found = firstIdentity(in: inner, place) { return found }
            }
        }
        return nil
    }

    private mutating func walk(_ owner: any Parameterized, _ path: String) {
        for part in owner.parts {
            let place = path.isEmpty ? part.name : "\(path).\(part.name)"
            switch part.content {
            case .parameter(let parameter):
                if let first = parameters[parameter.identity] {
                    shared.append((first, place))
                } else {
                    parameters[parameter.identity] = place
                    if taken.insert(place).inserted {
                        order.append(parameter.identity)
                    } else if !clashes.contains(path) {
                        clashes.append(path)
                    }
                }
            case .identity(let identity):
                layers[identity, default: []].append(path)
            case .parameterized(let inner):
                walk(inner, place)
            }
        }
    }
}

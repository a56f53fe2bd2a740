// SPDX-License-Identifier: Apache-2.0
public import FoveaGraph
public import FoveaRuntime
import Glibc

/// The version of this Fovea.
public let foveaVersion = "0.1.0"

extension RunRecord.Machine {
    /// The machine this process runs on.
    public static var current: RunRecord.Machine {
        RunRecord.Machine(
            processor: field("model name", of: "/proc/cpuinfo") ?? "unknown",
            cores: sysconf(Int32(_SC_NPROCESSORS_ONLN)),
            memoryBytes: sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE)),
            system: field("PRETTY_NAME", of: "/etc/os-release", separator: "=")?
                .trimming("\"") ?? "Linux")
    }

    /// The first value of a name in one of the system's text files.
    static func field(
        _ name: String, of path: String, separator: Character = ":"
    ) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 4096)
        while fgets(&line, Int32(line.count), file) != nil {
            let text = String(
                decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            guard text.hasPrefix(name), let position = text.firstIndex(of: separator) else {
                continue
            }
            return text[text.index(after: position)...].trimming(" \t\n")
        }
        return nil
    }
}

extension StringProtocol {
    /// The text without certain characters at its ends.
    fileprivate func trimming(_ characters: String) -> String {
        var part = Substring(self)
        while let first = part.first, characters.contains(first) { part = part.dropFirst() }
        while let last = part.last, characters.contains(last) { part = part.dropLast() }
        return String(part)
    }
}

extension Device {
    /// The device of this name.
    ///
    /// - Parameter name: `cpu`.
    /// - Throws: An error of the code `.device` if this Fovea has no such device.
    public init(named name: String) throws(FoveaError) {
        guard name == Device.cpu.name else {
            throw FoveaError(
                .device, "there is no device named \(name) here.", remedy: "Use --device cpu.")
        }
        self = .cpu
    }
}

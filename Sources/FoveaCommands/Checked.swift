// SPDX-License-Identifier: Apache-2.0
import Fovea

/// What several verbs check alike.
enum Checked {
    /// Checks a number of images.
    static func batch(_ count: Int) throws(FoveaError) {
        guard (1...65536).contains(count) else {
            throw FoveaError(.usage, "--batch must be from 1 to 65536.")
        }
    }

    /// Checks how many images are used at most.
    static func limit(_ count: Int?, _ option: String) throws(FoveaError) {
        guard count ?? 1 >= 1 else {
            throw FoveaError(.usage, "--\(option) must be at least 1.")
        }
    }

    /// Checks how long something is measured.
    static func seconds(_ seconds: Double) throws(FoveaError) {
        guard seconds > 0, seconds < 3600 else {
            throw FoveaError(.usage, "--seconds must be above 0 and below 3600.")
        }
    }

    /// The mode of a name.
    static func mode(_ name: String) throws(FoveaError) -> Mode {
        switch name {
        case "train": return .training
        case "infer": return .inference
        default:
            throw FoveaError(.usage, "--mode must be train or infer, not \(name).")
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
import FoveaOneDNN
import Glibc

/// Where timings of kernels are kept from one process to the next.
///
/// All networks of a process share one collection. Trying kernels takes a plan some seconds; with the
/// file, only the first one for its shapes. With `FOVEA_KERNELS=estimated` none is tried and no file is read.
package enum KernelCache {
    /// How new timings come about.
    package enum Use: Sendable {
        /// Kernels of which nothing is known are tried.
        case tries
        /// Only what is known is used, so that nothing has to be run.
        case looksUp
    }

    private static let timings = KernelTimings(path.map(text) ?? "")

    /// The file, or nil where nothing may be kept.
    package static var path: String? { folder.map { "\($0)/kernels.tsv" } }

    private static var folder: String? { CacheFolder.path(variable) }

    /// How convolutions choose among their kernels.
    static func selection(_ use: Use) -> ConvolutionSelection {
        if isOff { return .estimated }
        return use == .tries ? .measured(timings) : .known(timings)
    }

    /// The number of kernels that were tried, in this process and before.
    package static var count: Int { timings.count }

    /// Takes over what a run was made with, which counts for more than what was measured since, and stays
    /// with the run: it may come from another machine.
    static func restore(from path: String) {
        let ofRun = text(of: path)
        if !isOff, !ofRun.isEmpty { timings.restore(ofRun) }
    }

    /// Writes what is known beside a run, so that it goes on with the same kernels.
    static func save(beside path: String) {
        guard !isOff else { return }
        // Without the file a run goes on as well, with kernels that may round otherwise.
        try? AtomicFile.write(path, text: timings.textOfRun)
    }

    /// Adds what was tried since the last time to the file.
    package static func save() {
        guard !isOff else { return }
        timings.releaseMemory()
        guard let folder, let path, timings.takeChange() else { return }
        // Another process may have written meanwhile; a cache that cannot be written is none.
        timings.adopt(text(of: path))
        _ = Folders.make(folder)
        try? AtomicFile.write(path, text: timings.text)
    }

    private static func text(of path: String) -> String {
        guard let bytes = try? AtomicFile.read(path) else { return "" }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Whether kernels are chosen by estimates alone, as the environment's `FOVEA_KERNELS` says.
    package static var isOff: Bool { variable("FOVEA_KERNELS") == "estimated" }

    private static func variable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }
}

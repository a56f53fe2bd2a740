// SPDX-License-Identifier: Apache-2.0

/// The folder for what can be had again: data sets that were downloaded, and timings of kernels.
package enum CacheFolder {
    /// Finds the folder: `FOVEA_CACHE`, or `fovea` in `XDG_CACHE_HOME`, or in `.cache` of the home.
    ///
    /// - Parameter environment: Looks up a variable.
    /// - Returns: The folder, which need not exist, or nil if the environment names no home.
    package static func path(_ environment: (String) -> String?) -> String? {
        func setting(_ variable: String) -> String? {
            environment(variable).flatMap { $0.isEmpty ? nil : $0 }
        }
        if let cache = setting("FOVEA_CACHE") { return cache }
        // The standard tells programs to ignore a path that depends on where one stands.
        if let cache = setting("XDG_CACHE_HOME"), cache.hasPrefix("/") { return "\(cache)/fovea" }
        return setting("HOME").map { "\($0)/.cache/fovea" }
    }
}

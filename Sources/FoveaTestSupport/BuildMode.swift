// SPDX-License-Identifier: Apache-2.0

/// Whether the code is compiled with optimization, so that tests with much arithmetic are quick.
public let isOptimized: Bool = {
    var isDebug = false
    assert(
        {
            isDebug = true
            return true
        }())
    return !isDebug
}()

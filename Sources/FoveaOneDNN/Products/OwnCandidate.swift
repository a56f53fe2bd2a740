// SPDX-License-Identifier: Apache-2.0
import FoveaCompiler

/// A kernel of our own for a convolution, with what it is expected to cost.
struct OwnCandidate {
    let choice: KernelChoice
    let seconds: Double
}

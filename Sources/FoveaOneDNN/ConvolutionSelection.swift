// SPDX-License-Identifier: Apache-2.0

/// How a kernel is taken from among those that can compute a convolution.
package enum ConvolutionSelection: Sendable {
    /// The one that takes the least time by estimates, which are the same on every machine of a kind.
    case estimated
    /// The one that takes the least time; those of which nothing is known are tried.
    case measured(KernelTimings)
    /// The one that took the least time, or by estimates where not all were tried.
    case known(KernelTimings)
    /// One whose name contains this, wherever there is one; to test each of them.
    case named(String)

    /// The same, but by estimates where it would try kernels.
    ///
    /// What is known of them by chance is left aside: it may be another the next time, and a run that
    /// is resumed is to go on with the same kernels.
    var withoutTrying: ConvolutionSelection {
        if case .measured = self { .estimated } else { self }
    }
}

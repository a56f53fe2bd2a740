// SPDX-License-Identifier: Apache-2.0
import Glibc

/// How the learning rate changes over a run.
public enum Schedule: String, Sendable, Hashable, CaseIterable, Codable {
    /// The same rate throughout.
    case constant
    /// A tenth of the rate after half of the run, a hundredth after three quarters.
    case step
    /// Half a cosine from the rate to zero (Loshchilov and Hutter, 2017, arXiv:1608.03983).
    case cosine
    /// Up to the rate along a line over a quarter of the run, and down to zero along a cosine.
    ///
    /// After Smith and Topin, 2018 (arXiv:1708.07120), who begin at a twenty-fifth of the rate.
    case oneCycle = "one-cycle"

    /// The learning rate of one step.
    ///
    /// - Parameters:
    ///   - step: The number of the step, counted from zero.
    ///   - total: The number of steps of the whole run.
    ///   - peak: The rate that was asked for.
    /// - Returns: The rate.
    public func rate(step: Int, of total: Int, peak: Float) -> Float {
        let progress = Float(step) / Float(max(total, 1))
        switch self {
        case .constant: return peak
        case .step: return peak * (progress < 0.5 ? 1 : progress < 0.75 ? 0.1 : 0.01)
        case .cosine: return peak * Self.descent(progress)
        case .oneCycle:
            let start = peak / 25
            guard progress >= Self.rise else {
                return start + (peak - start) * progress / Self.rise
            }
            return peak * Self.descent((progress - Self.rise) / (1 - Self.rise))
        }
    }

    /// The part of a one-cycle run in which the rate goes up.
    private static let rise: Float = 0.25

    private static func descent(_ progress: Float) -> Float {
        (1 + cos(Float.pi * progress)) / 2
    }
}

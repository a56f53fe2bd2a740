// SPDX-License-Identifier: Apache-2.0

/// The sentences a run says besides its figures.
extension TrainingRun {
    static func otherLibrary(_ former: String, now: String) -> String {
        "So far \(former) has computed, and now \(now) does; the bits may differ from those of a run "
            + "that was not stopped."
    }

    static func removed(_ damaged: [String], step: Int) -> String {
        let place = step > 0 ? "goes on after step \(step)" : "begins anew"
        return "\(damaged.joined(separator: " and ")) is damaged and was removed; the run \(place)."
    }

    static func guessing(classes: Int, steps: Int) -> String {
        "The loss has stayed at ln(\(classes)) for \(steps) steps: the network is guessing. Try a "
            + "smaller --lr, --init kaiming-normal --init-head even, or another --seed."
    }

    /// Nil if every class is named, or if half of them or more are not, so that the accuracy says enough.
    static func neverNamed(
        _ unnamed: [String], of classes: Int, hasEvenHead: Bool
    ) -> String? {
        guard let last = unnamed.last, unnamed.count * 2 < classes else { return nil }
        let others = unnamed.dropLast().joined(separator: ", ")
        return "No test image is taken for \(others.isEmpty ? last : "\(others) or \(last)"). Try "
            + (hasEvenHead ? "" : "--init-head even, ") + "a smaller --lr, or another --seed."
    }
}

// SPDX-License-Identifier: Apache-2.0

extension ProgressLine {
    /// A part of the line that may be left out where there is no room.
    private enum Part: CaseIterable {
        case epoch, bar, count, loss, accuracy, rate, left

        /// The order in which parts are given up, the least wanted first.
        static let expendable: [Part] = [.rate, .count, .accuracy, .left, .loss, .bar]
    }

    private static let shortestBar = 6
    private static let longestBar = 30

    /// The line for a terminal of a width; it leaves the last column free, where some would wrap.
    ///
    /// Every part has a fixed width as long as the run's numbers have their usual sizes, so nothing
    /// moves from frame to frame.
    package static func render(
        _ state: ProgressState, width: Int, style: TerminalStyle
    ) -> String {
        let room = max(width - 1, 1)
        var texts = texts(of: state)
        var parts = Part.allCases
        func taken() -> Int {
            parts.reduce(0) { sum, part in
                sum + (part == .bar ? shortestBar + 1 : texts[part, default: ""].terminalColumns)
            }
        }
        for part in Part.expendable where taken() > room {
            parts.removeAll { $0 == part }
        }
        // Cut only when even the epoch's number has no room; then there is no color to cut into.
        guard taken() <= room else { return String(texts[.epoch, default: ""].prefix(room)) }
        if parts.contains(.bar) {
            let length = min(shortestBar + room - taken(), longestBar)
            texts[.bar] = " " + bar(state.fraction, length: length, style)
        }
        return parts.map { texts[$0, default: ""] }.joined()
    }

    private static func texts(of state: ProgressState) -> [Part: String] {
        let epochs = String(state.epochs), steps = String(state.steps)
        let left = state.secondsLeft.map { DecimalText.duration(seconds: $0) } ?? "–:––"
        let rate = state.imagesPerSecond.map { DecimalText.compact($0) } ?? "–"
        return [
            .epoch: " " + state.phase.rawValue.padded(left: 5) + " "
                + String(state.epoch).padded(left: epochs.count) + "/" + epochs,
            .count: " " + String(state.step).padded(left: steps.count) + "/" + steps,
            .loss: "  loss " + metric(state.loss),
            .accuracy: "  acc " + metric(state.accuracy),
            .rate: "  " + rate.padded(left: 6) + " img/s",
            .left: "  left " + left.padded(left: 5),
        ]
    }

    /// A loss or an accuracy in five columns: "0.412", "12.35", "123.4", "  nan".
    private static func metric(_ value: Double?) -> String {
        guard let value else { return "    –" }
        let decimals: Int =
            switch value.magnitude {
            case ..<9.9995: 3
            case ..<99.995: 2
            case ..<999.95: 1
            default: 0
            }
        let text = DecimalText.fixed(value, decimals: decimals)
        return text.count <= 5 ? text.padded(left: 5) : DecimalText.compact(value).padded(left: 5)
    }

    private static func bar(_ fraction: Double, length: Int, _ style: TerminalStyle) -> String {
        let done = Int((fraction * Double(length)).rounded(.down))
        return style.paint(String(repeating: "━", count: done), .accent)
            + style.paint(String(repeating: "─", count: length - done), .faint)
    }

    /// The state as a line of a log: the same words without the bar.
    package static func sentence(_ state: ProgressState) -> String {
        var parts = [
            "\(state.phase.rawValue) \(state.epoch)/\(state.epochs)",
            "\(state.step)/\(state.steps)",
        ]
        if let loss = state.loss { parts.append("loss " + trimmed(metric(loss))) }
        if let accuracy = state.accuracy { parts.append("acc " + trimmed(metric(accuracy))) }
        if let rate = state.imagesPerSecond {
            parts.append(DecimalText.compact(rate) + " img/s")
        }
        if let left = state.secondsLeft {
            parts.append("left " + DecimalText.duration(seconds: left))
        }
        return parts.joined(separator: "  ")
    }

    private static func trimmed(_ text: String) -> String { String(text.drop { $0 == " " }) }

    /// The line of a finished epoch, the same for a terminal and a file but for its color.
    package static func render(_ result: EpochLine, style: TerminalStyle) -> String {
        let epochs = String(result.epochs)
        var line =
            "epoch " + String(result.epoch).padded(left: epochs.count) + "/" + epochs
            + "  loss " + metric(result.loss) + "  train acc " + metric(result.trainAccuracy)
        if let accuracy = result.testAccuracy { line += "  test acc " + metric(accuracy) }
        if let rate = result.imagesPerSecond {
            line += "  " + DecimalText.compact(rate).padded(left: 6) + " img/s"
        }
        line += "  " + DecimalText.duration(seconds: result.elapsed).padded(left: 5)
        return result.isBest ? line + "  " + style.paint("best", .good) : line
    }
}

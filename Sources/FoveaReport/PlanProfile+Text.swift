// SPDX-License-Identifier: Apache-2.0
import FoveaTraining

extension PlanProfile {
    /// The steps as a table, the kinds of steps as another, and the sizes of the plan.
    ///
    /// - Parameters:
    ///   - top: Only so many steps that take longest, these first; all as they are executed if nil.
    ///   - style: What the terminal can show.
    /// - Returns: The tables and what stands below them.
    package func text(top: Int?, style: TerminalStyle) -> String {
        let shown = top.map { keeping(longest: $0).steps } ?? steps
        return style.spelled(
            [stepTable(shown, style), kindTable.text(style: style), remarks]
                .joined(separator: "\n"))
    }

    // MARK: - The steps

    /// The steps with as much about them as there is room for.
    private func stepTable(_ shown: [Step], _ style: TerminalStyle) -> String {
        let everything = table(shown, showsLayouts: true, pathWidth: nil)
        if Self.width(of: everything) <= style.width { return everything.text(style: style) }
        let narrow = table(shown, showsLayouts: false, pathWidth: nil)
        let excess = Self.width(of: narrow) - style.width
        if excess <= 0 { return narrow.text(style: style) }
        let longest = shown.map(\.path.terminalColumns).reduce(5, max)
        return table(shown, showsLayouts: false, pathWidth: max(longest - excess, 8))
            .text(style: style)
    }

    private func table(_ shown: [Step], showsLayouts: Bool, pathWidth: Int?) -> TextTable {
        var columns: [TextTable.Column] = [
            .init("step", .right), .init("layer", .left), .init("operation", .left),
            .init("kernel", .left), .init("ms", .right), .init("share", .right),
            .init("rate", .right),
        ]
        if showsLayouts { columns.insert(.init("layout", .left), at: 4) }
        var table = TextTable(columns: columns)
        for step in shown {
            var cells = [
                "\(step.number)",
                pathWidth.map { Self.end(of: step.path, columns: $0) } ?? step.path,
                Self.operation(step), step.kernelText(standsAlone: !showsLayouts),
                DecimalText.fixed(step.milliseconds, decimals: 2), Self.percent(step.share),
                Self.rate(step.gigaflopsPerSecond, step.gigabytesPerSecond),
            ]
            if showsLayouts { cells.insert(step.layoutText, at: 4) }
            table.add(cells, step.share >= 0.05 ? .accent : nil)
        }
        if shown.count < steps.count {
            let others = steps.count - shown.count
            let time = shown.reduce(steps.reduce(0) { $0 + $1.milliseconds }) {
                $0 - $1.milliseconds
            }
            let share = shown.reduce(1) { $0 - $1.share }
            let row = ["", "and \(others) more", "", ""] + (showsLayouts ? [""] : [])
            table.add(
                row + [
                    DecimalText.fixed(max(time, 0), decimals: 2), Self.percent(max(share, 0)), "",
                ], .faint)
        }
        return table
    }

    private static func width(of table: TextTable) -> Int {
        table.text().split(separator: "\n").map { String($0).terminalColumns }.reduce(0, max)
    }

    /// The last part of a path, after a mark where something is missing.
    private static func end(of path: String, columns: Int) -> String {
        path.count <= columns ? path : "…" + path.suffix(columns - 1)
    }

    /// `convolution ∂weight`: the operation, and the gradient with respect to what it is.
    private static func operation(_ step: Step) -> String {
        for (ending, sign) in [
            ("DataGradient", " ∂input"), ("WeightGradient", " ∂weight"), ("Gradient", " ∂"),
        ] where step.operation.hasSuffix(ending) {
            return step.operation.dropLast(ending.count) + sign
        }
        return step.operation
    }

    // MARK: - The kinds, and what stands below

    private var kindTable: TextTable {
        var table = TextTable(columns: [
            .init("kind", .left), .init("steps", .right), .init("ms", .right),
            .init("share", .right), .init("rate", .right),
        ])
        for total in totals {
            table.add([
                total.kind, "\(total.steps)", DecimalText.fixed(total.milliseconds, decimals: 2),
                Self.percent(total.share),
                Self.rate(total.gigaflopsPerSecond, total.gigabytesPerSecond),
            ])
        }
        table.addRule()
        let sum = steps.reduce(0) { $0 + $1.milliseconds }
        table.add([
            "total", "\(steps.count)", DecimalText.fixed(sum, decimals: 2), Self.percent(1), "",
        ])
        return table
    }

    private var remarks: String {
        let bytes = NetworkSummary.bytes
        let times = millisecondsPerStep
        func fixed(_ time: Double) -> String { DecimalText.fixed(time, decimals: 1) }
        let reorders = steps.count { $0.kind == "reorders" }
        var lines = [
            "\(mode == "train" ? "training" : "inference"), batch \(batch): \(fixed(times.median)) ms "
                + "in the median of \(runs) runs (\(fixed(times.min)) to \(fixed(times.max))), "
                + "\(fixed(imagesPerSecond)) images/s",
            "\(steps.count) steps, \(reorders) of them reorders; arena \(bytes(arenaBytes)), "
                + "\(bytes(scratchBytes)) of it scratch; parameters \(bytes(parameterBytes))",
            "\(library); \(threads) thread\(threads == 1 ? "" : "s")",
        ]
        if preparationSteps > 0 {
            lines.insert(
                "\(preparationSteps) more steps are done only when the weights have changed", at: 2)
        }
        return lines.joined(separator: "\n")
    }

    private static func percent(_ share: Double) -> String {
        DecimalText.fixed(share * 100, decimals: 1) + "%"
    }

    private static func rate(_ flops: Double?, _ bytes: Double?) -> String {
        if let flops { return DecimalText.compact(flops) + " GFLOP/s" }
        if let bytes { return DecimalText.compact(bytes) + "    GB/s" }
        return ""
    }
}

extension PlanProfile.Step {
    /// The kernel; of our own loops, which have the operation's name, only whose they are.
    ///
    /// - Parameter standsAlone: Whether the layouts are not shown; a reorder then shows them here.
    /// - Returns: The text of the cell.
    fileprivate func kernelText(standsAlone: Bool) -> String {
        if standsAlone, kind == "reorders" { return layoutText }
        return kernel == "fovea:" + operation ? "fovea" : kernel
    }

    /// How the first tensor lies that it reads, and how the first that it writes, if otherwise.
    fileprivate var layoutText: String {
        guard let input = inputLayouts.first, let output = outputLayouts.first else { return "" }
        return input == output ? input : "\(input) → \(output)"
    }
}

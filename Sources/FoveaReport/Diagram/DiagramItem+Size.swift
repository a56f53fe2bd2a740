// SPDX-License-Identifier: Apache-2.0

/// The measures of boxes and of the space between them, in points.
enum DiagramMetrics {
    static let gap = 13.0
    static let columnGap = 16.0
    static let padding = 8.0
    static let stripHeight = 13.0
    static let titleSize = 9.0
    static let smallSize = 7.5
    static let settingSize = 8.0
    static let wordGap = 5.0
    static let frameHead = 14.0
    static let narrowest = 120.0
}

extension DiagramItem {
    /// The size of the box if nothing else matters; frames have the size of what is inside them.
    ///
    /// - Parameter prefix: The path that the frame around it already shows.
    /// - Returns: The size.
    func naturalSize(prefix: String) -> Drawing.Size {
        let title = titleWidth
        let shape = TextMetrics.width(shapeText, size: DiagramMetrics.smallSize)
        let sides = 2 * DiagramMetrics.padding
        switch kind {
        case .sum:
            return Drawing.Size(width: max(title + sides, 32), height: 18)
        case .terminal, .concatenation, .pooling, .other, .normalization, .activation, .dropout:
            let space = shape == 0 || !showsShape ? 0 : shape + 12
            return Drawing.Size(
                width: max(title + space + sides, DiagramMetrics.narrowest),
                height: kind == .dropout ? 16 : 19)
        case .convolution, .linear, .block:
            let name = TextMetrics.width(name(within: prefix), size: DiagramMetrics.smallSize)
            let lines = [
                title + countWidth, name + shape + 14, stripWidth, DiagramMetrics.narrowest,
            ]
            return Drawing.Size(
                width: lines.reduce(0, max) + sides,
                height: 31 + (strip.isEmpty ? 0 : DiagramMetrics.stripHeight))
        }
    }

    /// Whether the shape of the output is written into a box of one line.
    var showsShape: Bool { ![.dropout, .activation, .normalization].contains(kind) }

    /// The shape of the output, or those of the first and the last.
    var shapeText: String {
        guard let firstShape else { return shape }
        return "\(firstShape.prefix { $0 != "×" }) … \(shape)"
    }

    /// What is written in bold.
    var heading: String {
        if kind == .sum { return "+" }
        // A sequence has a better name than its type, unless that is a number.
        if isContainer, ["", "Sequential"].contains(title),
            let name = path.split(separator: ".").last, name.first?.isNumber == false
        {
            return String(name)
        }
        return title + (sizeOfKernel.map { " \($0)" } ?? "")
    }

    /// What stands behind the heading in the same line.
    var setting: String {
        if kind == .sum { return followers.joined(separator: " ") }
        let rest = sizeOfKernel.map { String(detail.dropFirst($0.count)) } ?? detail
        let trimmed = rest.hasPrefix(", ") ? String(rest.dropFirst(2)) : rest
        return ([trimmed].filter { !$0.isEmpty } + followers.map { "· \($0)" })
            .joined(separator: " ")
    }

    /// The size of the kernel, with which the settings of convolutions and poolings begin.
    private var sizeOfKernel: String? {
        guard [.convolution, .pooling].contains(kind), !detail.isEmpty else { return nil }
        return detail.split(separator: ",").first.map(String.init)
    }

    /// The width of the heading and the setting.
    var titleWidth: Double {
        let setting = TextMetrics.width(setting, size: DiagramMetrics.settingSize)
        let heading = TextMetrics.width(heading, size: DiagramMetrics.titleSize, weight: .bold)
        return heading + (setting == 0 ? 0 : DiagramMetrics.wordGap + setting)
    }

    private var stripWidth: Double {
        TextMetrics.width(strip.joined(separator: " · "), size: DiagramMetrics.smallSize)
    }

    /// How many there are: "×5", or nothing.
    var countText: String { count > 1 ? "×\(count)" : "" }

    private var countWidth: Double {
        count > 1 ? 8 + TextMetrics.width(countText, size: 10, weight: .bold) : 0
    }

    /// The names that a frame may have, from the most telling to the shortest.
    func names(within prefix: String) -> [String] {
        guard let lastPath else { return [path, name(within: prefix)] }
        let last = lastPath.split(separator: ".").last ?? ""
        let short = DiagramItem(kind: kind, title: title, path: path).name(within: prefix)
        return ["\(path) … \(lastPath)", "\(path) … \(last)", "\(short) … \(last)"]
    }

    /// The path without that of the frame around it.
    func name(within prefix: String) -> String {
        func short(_ path: String) -> String {
            path.hasPrefix(prefix + ".") ? String(path.dropFirst(prefix.count + 1)) : path
        }
        return short(path) + (lastPath.map { " … \(short($0))" } ?? "")
    }
}

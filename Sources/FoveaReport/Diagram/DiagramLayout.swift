// SPDX-License-Identifier: Apache-2.0

/// Finds a place for each box of one level, from what reads what alone.
///
/// Boxes that everything passes through stand in one column. What lies between two of them falls
/// into branches, which stand side by side and are laid out the same way; what cannot be taken
/// apart like that becomes a column with lines at its side.
struct DiagramLayout {
    let level: DiagramLevel
    /// The path of the frame around the level.
    let prefix: String
    private let sources: [Int: [Int]]
    private let targets: [Int: [Int]]

    init(_ level: DiagramLevel, prefix: String = "") {
        self.level = level
        self.prefix = prefix
        var sources: [Int: [Int]] = [:], targets: [Int: [Int]] = [:]
        for link in level.links.sorted(by: { ($0.from, $0.to) < ($1.from, $1.to) }) {
            sources[link.to, default: []].append(link.from)
            targets[link.from, default: []].append(link.to)
        }
        self.sources = sources
        self.targets = targets
    }

    /// The level with lines that come in at the top and go out at the bottom.
    ///
    /// - Parameter hasEnds: Whether there are such lines.
    /// - Returns: The level.
    func block(hasEnds: Bool = true) -> DiagramBlock {
        let main = leadingOut
        var ends = Ends(start: DiagramLevel.entry, end: DiagramLevel.exit)
        ends.hasLines = hasEnds
        var block = chain(main, ends)
        attach(components(of: level.items.indices.filter { !main.contains($0) }), to: &block)
        return block
    }

    /// The items from which the level's outputs can be reached.
    private var leadingOut: [Int] {
        var found: Set<Int> = []
        for item in level.items.indices.reversed()
        where targets[item]?.contains(where: { $0 == DiagramLevel.exit || found.contains($0) })
            == true
        {
            found.insert(item)
        }
        return found.sorted()
    }

    // MARK: - A column

    /// Where a column begins and ends, and which lines are drawn there.
    private struct Ends {
        /// What is above.
        var start: Int
        /// What is below.
        var end: Int
        /// Whether a line may lead from start to end past everything between.
        var isDirect = true
        /// Whether there are lines from the one above and to the one below.
        var hasLines = true
        /// Whether the line to the one below ends in an arrow, if that is a box.
        var hasHead = true
        /// Whether it is a branch, whose lines meet before they reach the one below.
        var isBranch = false
    }

    /// The items between two others, which are not drawn.
    private func chain(_ items: [Int], _ ends: Ends) -> DiagramBlock {
        let parts = cut(items, ends)
        let blocks = column(parts.compactMap(\.item))
        var block = DiagramBlock()
        var above = ends.start
        for (position, part) in parts.enumerated() {
            let below = part.item ?? ends.end
            let isOuter = position == 0 || part.item == nil
            if ends.hasLines || !isOuter || !part.between.isEmpty {
                var inner = Ends(start: above, end: below)
                inner.isDirect = ends.isDirect || parts.count > 1
                inner.hasHead = ends.hasHead || part.item != nil
                inner.isBranch = ends.isBranch && part.item == nil
                block.append(connector(part.between, inner))
            }
            if let item = part.item {
                block.append(blocks[position] ?? bar(item, under: block))
            }
            above = below
        }
        return block
    }

    /// The boxes and frames of a column, about as wide as each other; nil for what joins branches.
    private func column(_ items: [Int]) -> [DiagramBlock?] {
        let frames = items.map { item in
            level.items[item].inner.map { frame(level.items[item], at: item, $0) }
        }
        let plain = items.filter(isPlain).map { size($0).width }.reduce(0, max)
        // A frame that is far wider has branches inside, and is not what to go by.
        let width = frames.compactMap { $0?.width }.filter { $0 < 1.35 * plain }.reduce(plain, max)
        return zip(items, frames).map { item, frame in
            if var frame {
                frame.stretch(to: width)
                return frame
            }
            return isPlain(item) ? box(item, width: width) : nil
        }
    }

    /// The items that every way from start to end passes, each with those between it and the last.
    private func cut(_ items: [Int], _ ends: Ends) -> [(between: [Int], item: Int?)] {
        let positions = Dictionary(
            uniqueKeysWithValues: items.enumerated().map { ($1, $0) })
        func furthest(_ item: Int) -> Int {
            (targets[item] ?? []).reduce(-1) { furthest, target in
                guard target == ends.end else { return max(furthest, positions[target] ?? -1) }
                return item == ends.start && !ends.isDirect ? furthest : items.count
            }
        }
        var parts: [(between: [Int], item: Int?)] = []
        var between: [Int] = []
        var reach = furthest(ends.start)
        for (position, item) in items.enumerated() {
            if reach <= position {
                parts.append((between, item))
                between = []
            } else {
                between.append(item)
            }
            reach = max(reach, furthest(item))
        }
        return parts + [(between, nil)]
    }

    private func isPlain(_ item: Int) -> Bool {
        level.items[item].inner == nil
            && ![.sum, .concatenation].contains(level.items[item].kind)
    }

    private func size(_ item: Int) -> Drawing.Size {
        level.items[item].naturalSize(prefix: prefix)
    }

    private func box(_ index: Int, width: Double) -> DiagramBlock {
        let area = Drawing.Rectangle(x: 0, y: 0, width: width, height: size(index).height)
        return box(index, area, axis: width / 2)
    }

    /// What joins branches: as wide as they are if their lines arrive apart.
    private func bar(_ index: Int, under above: DiagramBlock) -> DiagramBlock {
        let natural = size(index)
        guard level.items[index].kind == .concatenation, let span = above.arrivals else {
            return box(index, width: natural.width)
        }
        let width = max(natural.width, span.upperBound - span.lowerBound + 40)
        let left = (span.lowerBound + span.upperBound - width) / 2
        let area = Drawing.Rectangle(x: 0, y: 0, width: width, height: natural.height)
        return box(index, area, axis: above.axis - left)
    }

    private func box(_ index: Int, _ area: Drawing.Rectangle, axis: Double) -> DiagramBlock {
        DiagramBlock(
            width: area.width, height: area.height, axis: axis,
            shapes: [.box(level.items[index], area, prefix: prefix)], places: [index: area])
    }

    private func frame(_ item: DiagramItem, at index: Int, _ inner: DiagramLevel) -> DiagramBlock {
        var content = DiagramLayout(inner, prefix: item.path).block()
        content.places = [:]
        let pad = 10.0
        let size = DiagramMetrics.smallSize
        func width(_ name: String) -> Double { TextMetrics.width(name, size: size, weight: .bold) }
        // The name stands to the left of the line that comes in, as long as there is room for it.
        let names = item.names(within: prefix)
        let least = names.map(width).reduce(.infinity, min)
        content.widen(left: max(content.axis + pad, least + 14), right: 0)
        let type = TextMetrics.width(item.title, size: size)
        let badge = item.count > 1 ? 24.0 : 0
        content.widen(left: 0, right: max(content.right + pad, type + badge + 14))
        var block = DiagramBlock(
            width: content.width, height: DiagramMetrics.frameHead, axis: content.axis)
        block.line([(content.axis, 0), (content.axis, DiagramMetrics.frameHead)])
        block.append(content)
        let area = Drawing.Rectangle(x: 0, y: 0, width: block.width, height: block.height)
        let name = names.first { width($0) + 14 <= block.axis } ?? ""
        block.shapes.insert(.frame(item, area, name: name), at: 0)
        block.places[index] = area
        return block
    }

    // MARK: - What lies between two items of a column

    private func connector(_ items: [Int], _ ends: Ends) -> DiagramBlock {
        let isBox = ends.end != DiagramLevel.exit && level.items[ends.end].inner == nil
        var ends = ends
        ends.hasHead = ends.hasHead && isBox
        ends.isDirect = ends.isDirect && targets[ends.start]?.contains(ends.end) == true
        guard !items.isEmpty else {
            return .wire(
                isBox ? DiagramMetrics.gap : DiagramMetrics.gap - 3, hasHead: ends.hasHead)
        }
        let branches = components(of: items)
        return branches.count == 1 && !ends.isDirect
            ? tangle(items, ends) : parallel(branches, ends)
    }

    /// The items that are connected without passing through others than themselves.
    private func components(of items: [Int]) -> [[Int]] {
        var component = Dictionary(uniqueKeysWithValues: items.map { ($0, $0) })
        func find(_ item: Int) -> Int {
            var item = item
            while let next = component[item], next != item { item = next }
            return item
        }
        for item in items {
            for target in targets[item] ?? [] where component[target] != nil {
                let (one, other) = (find(item), find(target))
                component[max(one, other)] = min(one, other)
            }
        }
        return Dictionary(grouping: items, by: find).sorted { $0.key < $1.key }.map(\.value)
    }

    /// Branches side by side, and a line past them if there is one.
    private func parallel(_ branches: [[Int]], _ ends: Ends) -> DiagramBlock {
        var order = branches
        let isAbove = ends.end != DiagramLevel.exit && !ends.isBranch
        let kind = isAbove ? level.items[ends.end].kind : nil
        let isCentred = kind == .concatenation && !ends.isDirect
        if !isCentred {
            let longest = order.reduce(0) { max($0, $1.count) }
            let main = order.firstIndex { $0.count == longest } ?? 0
            order.insert(order.remove(at: main), at: 0)
        }
        var own = ends
        own.isDirect = false
        own.hasHead = false
        own.isBranch = true
        let columns = order.map { chain($0, own) }
        var fan = DiagramFan(
            top: 8, height: columns.reduce(0) { max($0, $1.height) }, end: kind,
            hasHead: ends.hasHead)
        if kind == .sum { fan.endSize = size(ends.end) }
        return fan.block(columns, isDirect: ends.isDirect, isCentred: isCentred)
    }

    /// A column of items in their order, with lines at its side past those that do not read them.
    private func tangle(_ items: [Int], _ ends: Ends) -> DiagramBlock {
        let boxes = zip(items, column(items)).map { item, block in
            block ?? bar(item, under: DiagramBlock())
        }
        let tails = [ends.start] + items
        let heads = items + [ends.end]
        var links: [DiagramRails.Rail] = []
        var straight: [Bool] = []
        for (position, tail) in tails.enumerated() {
            let reached = heads.indices.filter {
                $0 >= position && targets[tail]?.contains(heads[$0]) == true
                    && (ends.isDirect || position > 0 || $0 < items.count)
            }
            straight.append(reached.contains(position))
            let far = reached.filter { $0 > position }
            if let last = far.last {
                links.append(DiagramRails.Rail(from: position, to: far, last: last))
            }
        }
        let isBoxed = heads.map { $0 != DiagramLevel.exit && level.items[$0].inner == nil }
        return DiagramRails(
            rails: links, straight: straight, isBoxed: isBoxed, hasHead: ends.hasHead
        )
        .block(boxes)
    }

    // MARK: - What leads nowhere

    /// One part that stands beside the column, and the item that it reads.
    private struct Aside {
        var block: DiagramBlock
        var anchor: Drawing.Rectangle
        var column = 0

        var top: Double { anchor.middle.y + 14 }
        var bottom: Double { top + block.height }
    }

    /// Puts items that no output follows from beside the item they read, such as extra heads.
    ///
    /// From below to above: one that would overlap those below it goes further to the right, where
    /// its line passes over them.
    private func attach(_ parts: [[Int]], to block: inout DiagramBlock) {
        var placed: [Aside] = []
        let asides = parts.compactMap { aside($0, in: block) }
        for var aside in asides.sorted(by: { $0.anchor.y > $1.anchor.y }) {
            let met = placed.filter { $0.anchor.middle.y < aside.bottom + 16 }
            aside.column = met.reduce(0) { max($0, $1.column + 1) }
            placed.append(aside)
        }
        var left = block.width + 28
        for column in 0..<placed.count {
            let inColumn = placed.filter { $0.column == column }
            for aside in inColumn {
                let (x, y) = (left + aside.block.axis, aside.anchor.middle.y)
                block.line([(aside.anchor.maxX, y), (x, y), (x, aside.top)], hasHead: true)
                block.draw(aside.block, x: left, y: aside.top)
                block.height = max(block.height, aside.bottom)
                block.width = max(block.width, left + aside.block.width)
            }
            left += inColumn.reduce(0) { max($0, $1.block.width) } + 24
        }
    }

    private func aside(_ items: [Int], in block: DiagramBlock) -> Aside? {
        let anchor = items.flatMap { sources[$0] ?? [] }.filter { block.places[$0] != nil }.max()
        guard let anchor, let place = block.places[anchor] else { return nil }
        var ending = level
        for item in items where targets[item] == nil { ending.link(item, DiagramLevel.exit) }
        var ends = Ends(start: anchor, end: DiagramLevel.exit)
        ends.hasLines = false
        return Aside(
            block: DiagramLayout(ending, prefix: prefix).chain(items, ends), anchor: place)
    }
}

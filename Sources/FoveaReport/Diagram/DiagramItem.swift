// SPDX-License-Identifier: Apache-2.0

/// One box of a network's picture, or a frame around what is inside it.
struct DiagramItem: Equatable {
    /// What a box is drawn as.
    enum Kind: Equatable, CaseIterable {
        case convolution, linear, pooling, normalization, activation, dropout
        /// A layer whose parts are not drawn.
        case block
        /// The sum of several tensors.
        case sum
        /// Several tensors side by side in their channels.
        case concatenation
        /// An operation that has no kind of its own.
        case other
        /// The images, and what the network yields.
        case terminal
    }

    var kind: Kind
    /// The name of its type, such as `Conv2d`.
    var title: String
    /// How it is set: "3×3, stride 2".
    var detail = ""
    /// The path of the layer, if it is one.
    var path = ""
    /// The path of the last of several that are drawn as one.
    var lastPath: String?
    /// The shape of its output for one image.
    var shape = ""
    /// The shape of the first of several that are drawn as one.
    var firstShape: String?
    /// What follows at once and is written into the same line, such as `ReLU`.
    var followers: [String] = []
    /// What follows at once and has a line of its own below: a normalization and its activation.
    var strip: [String] = []
    /// What is inside, if that is drawn.
    var inner: DiagramLevel?
    /// Whether it is a layer with others inside.
    var isContainer = false
    /// How many of its kind follow each other.
    var count = 1
    var parameters = 0
    var multiplyAdds = 0

    /// The number of boxes it is drawn as.
    var boxCount: Int { inner?.boxCount ?? 1 }

    /// Whether two items that follow each other may be drawn as one.
    func repeats(_ other: DiagramItem) -> Bool {
        guard isContainer, other.isContainer else { return false }
        if isLike(other) { return true }
        // Of folded blocks nothing is seen but their type and their size; a dense block's layers
        // differ in their channels only.
        func extent(_ item: DiagramItem) -> Substring { item.shape.drop { $0 != "×" } }
        return inner == nil && other.inner == nil && title == other.title
            && !["", "Sequential"].contains(title) && extent(self) == extent(other)
    }

    /// Whether two items are the same but for their names.
    func isLike(_ other: DiagramItem) -> Bool {
        let parts = [self, other].map { item in
            var item = item
            item.path = ""
            item.lastPath = nil
            item.firstShape = nil
            item.inner = nil
            item.count = 1
            return item
        }
        guard parts[0] == parts[1] else { return false }
        switch (inner, other.inner) {
        case (nil, nil): return true
        case (let own?, let its?): return own.isLike(its)
        default: return false
        }
    }
}

/// What stands between the inputs and the outputs of a layer: boxes, and which reads which.
struct DiagramLevel: Equatable {
    /// One arrow.
    struct Link: Hashable {
        var from: Int
        var to: Int
    }

    /// What an arrow from outside comes from.
    static let entry = -1
    /// What an arrow to the outside leads to.
    static let exit = Int.max

    /// The boxes, each after those it reads.
    private(set) var items: [DiagramItem] = []
    /// The arrows between positions in `items`, `entry` and `exit`.
    private(set) var links: Set<Link> = []

    /// The number of boxes, those inside frames counted.
    var boxCount: Int { items.reduce(0) { $0 + $1.boxCount } }

    /// The only box, if there is nothing else to be drawn.
    var single: DiagramItem? {
        items.count == 1 && !links.contains(Link(from: Self.entry, to: Self.exit))
            ? items.first : nil
    }

    /// Adds a box behind those there are.
    ///
    /// - Parameter item: The box.
    /// - Returns: Its position.
    mutating func add(_ item: DiagramItem) -> Int {
        items.append(item)
        return items.count - 1
    }

    /// Adds an arrow, once.
    mutating func link(_ from: Int, _ to: Int) {
        if from != to { links.insert(Link(from: from, to: to)) }
    }

    /// What reads a box, in order.
    func targets(of item: Int) -> [Int] { links.filter { $0.from == item }.map(\.to).sorted() }

    /// Whether two levels are drawn alike, but for names.
    func isLike(_ other: DiagramLevel) -> Bool {
        items.count == other.items.count && links == other.links
            && zip(items, other.items).allSatisfy { $0.isLike($1) }
    }

    // MARK: - Drawing less

    /// Writes activations and normalizations into the box before them.
    mutating func fold() {
        merge { before, item in
            switch item.kind {
            case .activation where before.strip.isEmpty && before.takesFollowers:
                before.followers.append(item.title)
            case .activation where !before.strip.isEmpty:
                before.strip.append(item.title)
            case .normalization
            where before.isWeighted && before.followers.isEmpty && before.strip.isEmpty:
                before.strip = [item.title] + item.followers
            default: return false
            }
            before.parameters += item.parameters
            return true
        }
    }

    /// Draws blocks of one kind that follow each other as one.
    mutating func gatherRepeats() {
        merge { before, item in
            guard before.repeats(item) else { return false }
            before.count += item.count
            before.lastPath = item.lastPath ?? item.path
            if before.shape != item.shape {
                before.firstShape = before.firstShape ?? before.shape
                before.shape = item.shape
            }
            return true
        }
    }

    /// Merges each box into the one before it where `join` does so and nothing else reads that one.
    private mutating func merge(_ join: (inout DiagramItem, DiagramItem) -> Bool) {
        var place = Array(items.indices)
        var kept: [DiagramItem] = []
        let (from, to) = neighbours()
        for (index, item) in items.enumerated() {
            if let before = from[index], to[before] == index, join(&kept[place[before]], item) {
                place[index] = place[before]
            } else {
                place[index] = kept.count
                kept.append(item)
            }
        }
        let old = links
        items = kept
        links = []
        for old in old {
            link(
                old.from == Self.entry ? Self.entry : place[old.from],
                old.to == Self.exit ? Self.exit : place[old.to])
        }
    }

    /// For each box the only one it reads, and the only one that reads it.
    private func neighbours() -> (from: [Int: Int], to: [Int: Int]) {
        var from: [Int: [Int]] = [:], to: [Int: [Int]] = [:]
        for link in links {
            from[link.to, default: []].append(link.from)
            to[link.from, default: []].append(link.to)
        }
        return (
            from.compactMapValues { $0.count == 1 && $0[0] != Self.entry ? $0[0] : nil },
            to.compactMapValues { $0.count == 1 && $0[0] != Self.exit ? $0[0] : nil }
        )
    }
}

extension DiagramItem {
    /// Whether it is one convolution or linear layer.
    var isWeighted: Bool { inner == nil && [.convolution, .linear].contains(kind) }

    /// Whether an activation may be written into its line.
    var takesFollowers: Bool { isWeighted || [.normalization, .sum].contains(kind) }
}

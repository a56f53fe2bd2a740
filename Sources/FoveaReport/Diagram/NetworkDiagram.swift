// SPDX-License-Identifier: Apache-2.0
public import FoveaGraph
public import FoveaLayers
public import FoveaModels
import FoveaTraining

/// A network as a picture: boxes from its images to its logits, with branches side by side.
///
/// What is drawn follows from the recorded graph alone. Layers deeper than asked for are folded into
/// the block around them, and equal blocks in a row are drawn once.
public struct NetworkDiagram: Sendable {
    /// The number of boxes up to which a picture is readable.
    static let mostBoxes = 100

    private let title: String
    private let facts: String
    private let tree: LayerTree
    private let depth: Int?

    /// Pictures a network of the catalog.
    ///
    /// - Parameters:
    ///   - entry: The network.
    ///   - options: What is chosen about it.
    ///   - image: The shape of one image.
    ///   - depth: How many layers deep to look; as deep as stays readable if nil.
    /// - Throws: An error if the network does not fit its images.
    public init(
        _ entry: Catalog.Entry, options: Catalog.Options = Catalog.Options(), image: Shape,
        depth: Int? = nil
    ) throws(FoveaError) {
        try self.init(
            entry.network(options), named: entry.name, image: image, depth: depth
        ) { (images, mode) throws(FoveaError) -> TracedNetwork in
            try entry.traced(images: images, mode: mode, options: options)
        }
    }

    /// Pictures any network.
    ///
    /// - Parameters:
    ///   - network: The network.
    ///   - name: What it is called; by its type if nil.
    ///   - image: The shape of one image.
    ///   - depth: How many layers deep to look; as deep as stays readable if nil.
    /// - Throws: An error if the network does not fit its images.
    public init(
        _ network: some Network, named name: String? = nil, image: Shape, depth: Int? = nil
    ) throws(FoveaError) {
        try self.init(
            network, named: name ?? "\(type(of: network))", image: image, depth: depth
        ) { (images, mode) throws(FoveaError) -> TracedNetwork in
            try .recording(network, images: images, mode: mode)
        }
    }

    private init(
        _ network: any Network, named name: String, image: Shape, depth: Int?,
        _ trace: (Shape, Mode) throws(FoveaError) -> TracedNetwork
    ) throws(FoveaError) {
        let used = LayerTree(
            try trace(Shape([1] + image.dimensions), .inference), of: network, named: name)
        // Training has what inference leaves out: dropouts and extra heads. Two images, for
        // statistics over a batch want more than one.
        tree = LayerTree(
            try trace(Shape([2] + image.dimensions), .training), of: network, named: name)
        self.depth = depth
        title = name
        facts =
            "images \(image) · \(DecimalText.grouped(used.root.parameters)) parameters · "
            + "\(DecimalText.grouped(used.root.multiplyAdds)) multiply-adds an image"
    }

    /// What is drawn.
    var level: DiagramLevel {
        if let depth { return DiagramBuilder(tree, depth: depth).network() }
        let deepest = tree.entries.reduce(1) { max($0, $1.depth) }
        let levels = (1...deepest).reversed().lazy.map { DiagramBuilder(tree, depth: $0).network() }
        return levels.first { $0.boxCount <= Self.mostBoxes }
            ?? DiagramBuilder(tree, depth: 1).network()
    }

    /// Gives the network as a picture.
    ///
    /// - Returns: The picture.
    public func drawing() -> Drawing {
        let level = level
        let block = DiagramLayout(level).block(hasEnds: false)
        let margin = 18.0, head = 46.0
        let legend = Legend(level.kinds)
        let widths = [
            block.width, legend.width, TextMetrics.width(facts, size: 8.5),
            TextMetrics.width(title, size: 15, weight: .bold),
        ]
        let width = widths.reduce(0, max)
        var drawing = Drawing(
            size: Drawing.Size(
                width: (width + 2 * margin).rounded(.up),
                height: (margin + head + block.height + 34 + margin).rounded(.up)),
            title: "The network \(title): \(facts)")
        drawing.text(
            title, at: Drawing.Point(margin, margin + 12), size: 15, weight: .bold, color: .ink)
        drawing.text(facts, at: Drawing.Point(margin, margin + 27), size: 8.5, color: .quiet)
        let left = margin + (width - block.width) / 2
        DiagramPainter.paint(block, at: Drawing.Point(left, margin + head), on: &drawing)
        legend.paint(
            at: Drawing.Point(margin, margin + head + block.height + 26), on: &drawing)
        return drawing
    }

    /// Which color stands for what.
    private struct Legend {
        private let entries: [(kind: DiagramItem.Kind, name: String, width: Double)]
        private static let size = 8.0

        init(_ kinds: Set<DiagramItem.Kind>) {
            entries = DiagramItem.Kind.allCases.filter(kinds.contains).compactMap { kind in
                kind.legend.map { (kind, $0, 14 + TextMetrics.width($0, size: Self.size) + 14) }
            }
        }

        var width: Double { entries.reduce(0) { $0 + $1.width } }

        func paint(at place: Drawing.Point, on drawing: inout Drawing) {
            var x = place.x
            for entry in entries {
                let (fill, edge) = entry.kind.colors
                drawing.rectangle(
                    Drawing.Rectangle(x: x, y: place.y - 8, width: 9, height: 9), fill: fill,
                    stroke: Drawing.Stroke(edge, width: 0.8), radius: 2)
                drawing.text(
                    entry.name, at: Drawing.Point(x + 14, place.y), size: Self.size, color: .ink)
                x += entry.width
            }
        }
    }
}

extension DiagramLevel {
    /// The kinds of all boxes, those inside frames and strips included.
    fileprivate var kinds: Set<DiagramItem.Kind> {
        items.reduce(into: []) { kinds, item in
            if let inner = item.inner {
                kinds.formUnion(inner.kinds)
            } else {
                kinds.insert(item.kind)
            }
            if !item.strip.isEmpty { kinds.insert(.normalization) }
        }
    }
}

extension Drawing {
    /// The scale at which the picture still fits into a PNG file.
    ///
    /// - Parameter scale: The scale that is wanted.
    /// - Returns: That scale, or less.
    package func largestScale(upTo scale: Double) -> Double {
        min(scale, 32_000 / max(size.width, size.height, 1))
    }
}

// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Fovea

/// What may be chosen about a network.
struct NetworkOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The number of classes.", valueName: "n"))
    var classes: Int?

    @Option(help: ArgumentHelp("The number of channels of the images.", valueName: "n"))
    var channels: Int?

    @Option(help: ArgumentHelp("The rate of every dropout.", valueName: "p"))
    var dropout: Float?

    @Flag(help: "Drop whole channels instead of elements, where the network has the choice.")
    var dropoutChannels = false

    /// Whether nothing was chosen.
    var isUntouched: Bool {
        classes == nil && channels == nil && dropout == nil && !dropoutChannels
    }

    /// The choices as the catalog takes them.
    var catalogOptions: Catalog.Options {
        Catalog.Options(
            classes: classes, dropout: dropout,
            dropoutUnit: dropoutChannels ? .channel : .element)
    }

    /// Checks that the choices make sense.
    func check() throws(FoveaError) {
        if let classes, !(2...100_000).contains(classes) {
            throw FoveaError(.usage, "--classes must be from 2 to 100000.")
        }
        if let channels, !(1...1024).contains(channels) {
            throw FoveaError(.usage, "--channels must be from 1 to 1024.")
        }
        if let dropout, !(0..<1).contains(dropout) {
            throw FoveaError(.usage, "--dropout must be from 0 to below 1.")
        }
    }

    /// The shape of one image of a network with these choices.
    func image(_ entry: Catalog.Entry, resize: Int?) throws(FoveaError) -> Shape {
        if let resize, !(1...4096).contains(resize) {
            throw FoveaError(.usage, "--resize must be from 1 to 4096.")
        }
        return [
            channels ?? entry.input[0], resize ?? entry.input[1], resize ?? entry.input[2],
        ]
    }
}

/// Where the images are.
struct DataOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The data set: fashion-mnist or mnist. (default: the run's; for train fashion-mnist)",
            valueName: "name"))
    var data: String?

    @Option(help: ArgumentHelp("The folder with the data set's files.", valueName: "folder"))
    var dataDir: String?

    /// Finds, or downloads, and reads a data set.
    ///
    /// - Parameters:
    ///   - fallback: The data set if none is named.
    ///   - style: How progress may look.
    /// - Returns: The images.
    /// - Throws: An error if they are not there or damaged.
    func load(_ fallback: String?, style: TerminalStyle) throws(FoveaError) -> ClassificationData {
        guard let name = data ?? fallback else {
            throw FoveaError(
                .usage, "the data set is not named.", remedy: "Add --data fashion-mnist.")
        }
        let source = try DatasetSource.named(name)
        defer { DownloadLine.close() }
        return try source.load(dataDirectory: dataDir) { progress in
            DownloadLine.show(progress, style: style)
        }
    }

    /// Reads the data set that is named, else the one a model was trained on, if it is one of Fovea's.
    func load(
        of model: ModelDescription, style: TerminalStyle
    ) throws(FoveaError) -> ClassificationData {
        let isKnown = DatasetSource.all.map(\.name).contains(model.data)
        return try load(isKnown ? model.data : nil, style: style)
    }
}

/// How results and progress are shown.
struct OutputOptions: ParsableArguments {
    @Flag(help: "Print one JSON object and nothing else on standard output.")
    var json = false

    @Flag(help: "Show progress in whole lines without control characters.")
    var plain = false
}

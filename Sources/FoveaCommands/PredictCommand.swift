// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Fovea
import FoveaArrays

/// `fovea predict`: names what is in pictures.
struct PredictCommand: ParsableCommand, Exemplified {
    static let example = "fovea predict runs/nin-fashion-mnist-1 shirt.png --top 3"

    static let configuration = CommandConfiguration(
        commandName: "predict",
        abstract:
            "Name what is in pictures: PNG, JPEG, BMP, PGM and PPM files, or test images by index.")

    @OptionGroup var model: ModelOptions

    @Argument(
        help: ArgumentHelp(
            "Picture files; a folder stands for all pictures in it, - for names on standard input.",
            valueName: "image"))
    var images: [String] = []

    @Option(help: ArgumentHelp("Test images, such as 0,7,20-25.", valueName: "indices"))
    var index: String?

    @Option(help: ArgumentHelp("How many classes to name.", valueName: "k"))
    var top = 3

    @Option(help: ArgumentHelp("Draw pictures and classes into a file.", valueName: "png"))
    var out: String?

    @Option(help: ArgumentHelp("The element type of activations: f32 or bf16.", valueName: "type"))
    var precision = "f32"

    @OptionGroup var classNames: ClassNameOptions

    @OptionGroup(title: "Data") var dataOptions: DataOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    func run() throws {
        guard top >= 1 else { throw FoveaError(.usage, "--top must be at least 1.") }
        guard !images.isEmpty || index != nil else {
            throw FoveaError(
                .usage, "there is nothing to predict.",
                remedy: "Name pictures, or test images with --index 0-8.")
        }
        let precision = try Precision(named: precision)
        let files = try PictureFiles.expanded(images)
        let model = try model.load(precision: precision)
        let names = try classNames.names(for: model) ?? model.description.classes
        let sources = files.map(PictureSource.file) + (try testImages(model))
        var predictions: [PredictionOutput] = []
        var items: [PredictionGallery.Item] = []
        var failure: FoveaError?
        // One after the other: there may be many, and all of them decoded would fill the memory.
        for source in sources {
            let picture: Picture
            do throws(FoveaError) {
                picture = try source.read()
            } catch {
                // What can be read of a folder is classified all the same.
                Console.error("fovea: \(error)")
                failure = failure ?? error
                continue
            }
            let guess = try model.predictor.classify(picture.image)
            let prediction = PredictionOutput(picture, guess, names, top: top)
            predictions.append(prediction)
            if !output.json {
                try Console.print(
                    { prediction.text(picture.image, style: $0) }, plain: output.plain)
            }
            if out != nil { items.append(try picture.item(prediction)) }
        }
        if !predictions.isEmpty {
            if output.json { try Console.printJSON(PredictionsOutput(predictions: predictions)) }
            if let out { try PredictionGallery(items: items).drawing().writePNG(to: out) }
        }
        if let failure { throw Ending(code: failure.code.exitCode) }
    }

    /// The test images that are asked for.
    private func testImages(_ model: LoadedModel) throws(FoveaError) -> [PictureSource] {
        guard let index else { return [] }
        let data = try dataOptions.load(
            of: model.description, style: .standardError(plain: output.plain)
        ).test
        return try Self.indices(index, below: data.count).map { .testImage($0, of: data) }
    }

    /// The numbers that a list such as `0,7,20-25` names.
    static func indices(_ text: String, below count: Int) throws(FoveaError) -> [Int] {
        var result: [Int] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
            guard (1...2).contains(ends.count), let first = ends[0],
                let last = ends[ends.count - 1], first <= last
            else {
                throw FoveaError(
                    .usage, "--index \(text) is not a list such as 0,7,20-25.")
            }
            guard first >= 0, last < count else {
                throw FoveaError(
                    .usage, "there are \(count) test images, counted from 0; \(part) is not there.")
            }
            result += first...last
        }
        return result
    }
}

/// Where a picture is to be had.
private enum PictureSource {
    case file(String)
    case testImage(Int, of: any ImageDataset)

    func read() throws(FoveaError) -> Picture {
        switch self {
        case .file(let path):
            Picture(name: path, image: try Image(contentsOf: path), truth: nil)
        case .testImage(let index, let data):
            Picture(
                name: "test image \(index)", image: data.image(at: index),
                truth: data.classes[Int(data.labels[index])])
        }
    }
}

/// A picture to be classified.
struct Picture {
    let name: String
    let image: Image
    let truth: String?

    /// The picture in a gallery, with no more pixels than are seen there.
    func item(_ prediction: PredictionOutput) throws(FoveaError) -> PredictionGallery.Item {
        let longest = max(image.height, image.width), most = PredictionGallery.mostPixels
        func scaled(_ side: Int) -> Int { max(1, side * most / longest) }
        let shown =
            longest > most
            ? image.resized(to: Extent(scaled(image.height), scaled(image.width))) : image
        return PredictionGallery.Item(
            image: try Raster(shown), truth: truth, prediction: prediction.classes[0].name,
            probability: Double(prediction.classes[0].probability))
    }
}

/// What `predict --json` prints.
struct PredictionsOutput: Encodable {
    let schema = 1
    let predictions: [PredictionOutput]
}

/// What `predict` prints about one picture.
struct PredictionOutput: Encodable {
    struct Class: Encodable {
        let name: String
        let label: Int
        let probability: Float
    }

    let image: String
    let truth: String?
    let classes: [Class]

    init(_ picture: Picture, _ guess: Predictor.Guess, _ names: [String], top: Int) {
        image = picture.name
        truth = picture.truth
        classes = guess.top(top).map { label, probability in
            Class(
                name: label < names.count ? names[label] : "class \(label)", label: label,
                probability: probability)
        }
    }

    func text(_ picture: Image, style: TerminalStyle) -> String {
        let title = image.printable + (truth.map { " (\($0.printable))" } ?? "")
        let width = classes.map(\.name.printable.terminalColumns).max() ?? 0
        let rows = classes.map { row in
            let share = Double(row.probability)
            let bar = String(repeating: "━", count: Int((share * 20).rounded()))
            return "  \(row.name.printable.padded(right: width))  "
                + "\(DecimalText.fixed(share * 100, decimals: 1).padded(left: 5)) %  \(bar)"
        }
        var lines = [style.paint(title, .heading)]
        if style.isLive,
            let raster = try? Raster(picture)
        {
            lines += TerminalPicture(raster).lines(style: style, columns: 28)
        }
        return (lines + rows).joined(separator: "\n")
    }
}

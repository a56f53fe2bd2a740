// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Fovea
import FoveaArrays

/// What classes are called, where the file of the weights does not say it, or not well.
struct ClassNameOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The names of the classes, one a line.", valueName: "file"))
    var classNames: String?

    /// The names in the file, if one is given.
    ///
    /// - Parameter model: The model whose classes they are.
    /// - Returns: A name for each class, or nil.
    /// - Throws: An error if there is no such file, or it has not one name for each class.
    func names(for model: LoadedModel) throws(FoveaError) -> [String]? {
        guard let path = classNames else { return nil }
        let text = String(decoding: try AtomicFile.read(path), as: UTF8.self)
        var names = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
        while names.last?.isEmpty == true { names.removeLast() }
        let count = model.network.classes
        guard names.count == count else {
            throw FoveaError(
                .dataset,
                "has \(names.count) lines, but \(model.entry.name) names \(count) classes.",
                remedy: "Give one name a line, in the order of the classes.", path: path)
        }
        if let line = names.firstIndex(where: { $0.allSatisfy(\.isWhitespace) }) {
            throw FoveaError(.dataset, "line \(line + 1) has no name.", path: path)
        }
        return names.map(String.init)
    }
}

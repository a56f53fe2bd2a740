// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
import Testing

/// What a weights file says, or does not say, about pictures and classes.
@Suite struct PreparationTests {
    @Test("Classes have the names of a file")
    func classNames() throws {
        let run = try TrainedRun.shared.get()
        let folder = try TemporaryFolder()
        let picture = try folder.write(
            "bar.png", png(width: 28, height: 28, BarPictures.pixels(3, seed: 77)))
        let names = try folder.write(
            "names.txt", Array((0..<10).map { "bar \($0)\r\n" }.joined().utf8))
        let predictions = try WorkflowTests.predictions([
            run.run, picture, "--top", "1", "--class-names", names,
        ])
        #expect(predictions[0].classes.map(\.name) == ["bar 3"])
        // Without names, and without a description in the file, classes have numbers.
        let good = try Safetensors(contentsOf: run.run + "/best.safetensors")
        let bare = folder.path + "/bare.safetensors"
        try Safetensors(good.tensors, metadata: [:]).write(to: bare)
        let numbered = try WorkflowTests.predictions([
            "lenet", "--weights", bare, picture, "--top", "1",
        ])
        #expect(numbered[0].classes.map(\.name) == ["class 3"])
        #expect(
            numbered[0].classes.map(\.probability) == predictions[0].classes.map(\.probability))
        let table = try Program.run([
            "evaluate", run.run, "--data-dir", run.data, "--class-names", names, "--limit-test",
            "10",
        ])
        #expect(table.code == 0, "\(table.remarks)")
        #expect(table.output.contains("\nbar 9 ") && !table.output.contains("Ankle boot"))
    }

    @Test("Preprocessing that a file describes is used by predict and evaluate")
    func preprocessing() throws {
        let run = try TrainedRun.shared.get()
        let folder = try TemporaryFolder()
        let good = try Safetensors(contentsOf: run.run + "/best.safetensors")
        let text = try #require(good.metadata["fovea.model"])
        func write(_ name: String, _ preprocessing: String) throws -> String {
            let path = folder.path + "/" + name
            let described = String(text.dropLast()) + ",\"preprocessing\":\(preprocessing)}"
            try Safetensors(good.tensors, metadata: ["fovea.model": described]).write(to: path)
            return path
        }
        // Halving the numbers is what a network sees of a picture half as bright.
        let halving = try write("halving", #"{"deviation":[2]}"#)
        let bright = BarPictures.pixels(5, seed: 3).map { $0 & ~1 }
        let picture = try folder.write("bright.png", png(width: 28, height: 28, bright))
        let dark = try folder.write("dark.png", png(width: 28, height: 28, bright.map { $0 / 2 }))
        let found = try WorkflowTests.predictions([
            "lenet", "--weights", halving, picture, "--top", "10",
        ])
        let expected = try WorkflowTests.predictions([run.run, dark, "--top", "10"])
        for (one, other) in zip(found[0].classes, expected[0].classes) {
            #expect(one.label == other.label)
            #expect(abs(one.probability - other.probability) < 1e-5)
        }
        // Of pictures twice as large the middle is seen, in which the first classes' bars are not.
        let middle = try write("middle", #"{"shorter_side":56}"#)
        let result = try Program.run([
            "evaluate", "lenet", "--weights", middle, "--data", "fashion-mnist", "--data-dir",
            run.data, "--json",
        ]).json()
        let whole = try Program.run(["evaluate", run.run, "--data-dir", run.data, "--json"]).json()
        #expect(
            try #require(result["top1"] as? Double) < #require(whole["top1"] as? Double) - 0.3)
    }
}

// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
import FoveaGraph
import FoveaTestSupport
import Foundation
import Testing

/// Weights from elsewhere, and weights for elsewhere.
@Suite struct ExportTests {
    /// The best weights of the trained run, as PyTorch would have saved them.
    static func pickled(_ run: TrainedRun, as name: String, in folder: TemporaryFolder) throws {
        let best = try Safetensors(contentsOf: run.run + "/best.safetensors")
        try folder.write(name, PickleParts.file(best.tensors))
    }

    @Test("export writes a run's weights, with what the run says about them")
    func exportRun() throws {
        let run = try TrainedRun.shared.get()
        let folder = try TemporaryFolder()
        let best = try Array(run.bytes("best.safetensors"))
        var outcome = try Program.run(
            ["export", run.run, "--format", "safetensors", "--out", "w"], in: folder.path)
        #expect(outcome.code == 0, "\(outcome.remarks)")
        #expect(outcome.output == "w\n" && outcome.remarks == "")
        #expect(try folder.read("w") == best)
        // Without a name, the file lies beside those of the run.
        try folder.write("run/best.safetensors", best)
        try folder.write("run/run.json", Array(run.bytes("run.json")))
        outcome = try Program.run(["export", "run"], in: folder.path)
        #expect(outcome.output == "run/lenet.safetensors\n")
        #expect(try folder.read("run/lenet.safetensors") == best)
    }

    @Test("export writes what PyTorch saved under the network's name")
    func exportPickle() throws {
        let run = try TrainedRun.shared.get()
        let folder = try TemporaryFolder()
        try Self.pickled(run, as: "w.pt", in: folder)
        let outcome = try Program.run(["export", "lenet", "--weights", "w.pt"], in: folder.path)
        #expect(outcome.code == 0, "\(outcome.remarks)")
        #expect(outcome.output == "lenet.safetensors\n" && outcome.remarks == "")
        #expect(folder.names == ["lenet.safetensors", "w.pt"])
        let best = try Safetensors(contentsOf: run.run + "/best.safetensors")
        let file = try Safetensors(contentsOf: folder.path + "/lenet.safetensors")
        #expect(file.tensors.map(\.name) == best.tensors.map(\.name))
        #expect(file.tensors.map(\.array) == best.tensors.map(\.array))
        #expect(file.metadata["format"] == "pt")
        #expect(file.metadata["fovea.model"]?.contains("\"network\":\"lenet\"") == true)
        #expect(file.metadata["fovea.model"]?.contains("\"image\":[1,28,28]") == true)
    }

    @Test("A file of PyTorch classifies, goes through forward and begins a run as safetensors do")
    func pickles() throws {
        let run = try TrainedRun.shared.get()
        let folder = try TemporaryFolder()
        try Self.pickled(run, as: "w.pth", in: folder)
        try folder.write("w.safetensors", Array(run.bytes("best.safetensors")))
        let input = NDArray([1, 1, 28, 28], BarPictures.pixels(4, seed: 3).map { Float($0) / 255 })
        try Safetensors([("input", input)]).write(to: folder.path + "/x")
        func outputs(_ weights: String) throws -> (
            logits: [UInt8], evaluation: String, run: [UInt8]
        ) {
            var outcome = try Program.run(
                ["forward", "lenet", "--weights", weights, "--input", "x", "--output", "y"],
                in: folder.path)
            try #require(outcome.code == 0, "\(outcome.remarks)")
            let logits = try folder.read("y")
            outcome = try Program.run(
                [
                    "evaluate", "lenet", "--weights", weights, "--data", "fashion-mnist",
                    "--data-dir", run.data, "--json",
                ], in: folder.path)
            let evaluation = outcome.output
            outcome = try Program.run(
                [
                    "train", "lenet", "--init-weights", weights, "--data-dir", run.data, "--out",
                    weights + "-run", "--max-steps", "2", "--limit-test", "5",
                ], in: folder.path)
            try #require(outcome.code == 0, "\(outcome.remarks)")
            return (logits, evaluation, try folder.read(weights + "-run/last.safetensors"))
        }
        let (pickled, plain) = (try outputs("w.pth"), try outputs("w.safetensors"))
        #expect(pickled.logits == plain.logits)
        #expect(pickled.evaluation == plain.evaluation && pickled.evaluation.contains("top1"))
        #expect(pickled.run == plain.run)
        let picture = try folder.write(
            "4.png", png(width: 28, height: 28, BarPictures.pixels(4, seed: 3)))
        let guess = try WorkflowTests.predictions([
            "lenet", "--weights", folder.path + "/w.pth", picture, "--top", "1",
        ])
        #expect(guess[0].classes.map(\.name) == ["class 4"])
    }
}

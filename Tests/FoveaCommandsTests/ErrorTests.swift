// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// What goes wrong is said in a sentence, has its exit code, and leaves nothing behind.
@Suite struct ErrorTests {
    struct Case: Sendable, CustomTestStringConvertible {
        /// The arguments; `{in}` is the folder of bad inputs, `{run}` a run, `{data}` its data.
        let arguments: String
        let code: Int32
        /// Standard error without `fovea: ` and the last end of line.
        let sentence: String
        var testDescription: String { arguments }

        init(_ arguments: String, _ code: Int32, _ sentence: String) {
            self.arguments = arguments
            self.code = code
            self.sentence = sentence
        }
    }

    static func usage(_ verb: String) -> String {
        "\n  See 'fovea \(verb) --help' for more information."
    }

    // MARK: - The command line

    static let usages: [Case] = [
        Case(
            "trian", 64,
            "Unexpected argument 'trian'\nUsage: fovea <subcommand>\n  See 'fovea --help' for more "
                + "information.\nDid you mean `fovea train`?"),
        Case(
            "train --epoch 3 lenet", 64,
            "Unknown option '--epoch'. Did you mean '--epochs'?\n"
                + "Usage: fovea train [<options>] <network>" + usage("train")),
        Case(
            "models --jsn", 64,
            "Unknown option '--jsn'. Did you mean '--json'?\n"
                + "Usage: fovea models [--json] [--plain]" + usage("models")),
        Case(
            "train lenet --lr fast", 64,
            "The value 'fast' is invalid for '--lr <rate>'\nHelp:  --lr <rate>  The learning rate, "
                + "or its peak.\nUsage: fovea train [<options>] <network>" + usage("train")),
        Case(
            "train lenett", 64,
            "there is no network named lenett.\nDid you mean lenet? `fovea models` lists all "
                + "networks."),
        Case(
            "summary nothing-like-it", 64,
            "there is no network named nothing-like-it.\n`fovea models` lists all networks."),
        Case(
            "train lenet --data fashion-mist", 64,
            "There is no data set \"fashion-mist\".\nDid you mean fashion-mnist?"),
        Case(
            "train lenet --recipe fast", 64,
            "lenet has no recipe named fast.\nChoose --recipe d2l."),
        Case(
            "train lenet --schedule cosin --data-dir {data}", 64,
            "there is no --schedule cosin.\nDid you mean cosine?"),
        Case(
            "train lenet --optimizer adam --data-dir {data}", 64,
            "there is no --optimizer adam.\nDid you mean adamw?"),
        Case(
            "train lenet --init xavier --data-dir {data}", 64,
            "there is no initializer named xavier.\nDid you mean xavier-uniform?"),
        Case(
            "train lenet --precision f8 --data-dir {data}", 64,
            "there is no --precision f8.\nUse --precision f32 or bf16."),
        Case(
            "evaluate {run} --precision f16 --data-dir {data}", 64,
            "there is no --precision f16.\nUse --precision f32 or bf16."),
        Case(
            "predict {run} --precision half --index 0 --data-dir {data}", 64,
            "there is no --precision half.\nUse --precision f32 or bf16."),
        Case(
            "bench lenet --precision f32,f16", 64,
            "there is no --precision f16.\nUse --precision f32 or bf16."),
        Case("train lenet --lr nan --data-dir {data}", 64, "--lr must be a positive number."),
        Case(
            "train lenet --epochs 9223372036854775807 --data-dir {data}", 64,
            "--epochs must be from 1 to 1000000."),
        Case("train lenet --batch 0 --data-dir {data}", 64, "--batch must be from 1 to 65536."),
        Case(
            "train lenet --dropout 1 --data-dir {data}", 64, "--dropout must be from 0 to below 1."),
        Case(
            "train lenet --limit-train 0 --data-dir {data}", 64, "--limit-train must be at least 1."
        ),
        Case(
            "train lenet-bn --batch 2 --limit-train 3 --data-dir {data}", 64,
            "the last batch of an epoch has 1 of 3 images, which is too few for this network.\n"
                + "Choose another --batch than 2, or another --limit-train."),
        Case(
            "train lenet --order backwards --data-dir {data}", 64,
            "--order must be shuffled or sequential, not backwards."),
        Case(
            "train lenet --classes 5 --data-dir {data}", 64,
            "fashion-mnist has 10 classes, more than --classes 5."),
        Case(
            "train lenet --threads 0 --data-dir {data}", 64,
            "cannot compute on 0 threads.\nChoose --threads from 1 to 1024."),
        Case(
            "train lenet --data-dir {data} --out {run}", 64,
            "there is a run in {run} already.\nAdd --resume to go on with it, or choose another "
                + "folder with --out."),
        Case(
            "train lenet --data-dir {data} --out {run} --resume", 64,
            "the run in {run} was begun with --epochs 12, not 10.\nGive the settings it was begun "
                + "with, or choose another folder with --out."),
        Case(
            "predict {run}", 64,
            "there is nothing to predict.\nName pictures, or test images with --index 0-8."),
        Case(
            "predict {run} --index 3-1 --data-dir {data}", 64,
            "--index 3-1 is not a list such as 0,7,20-25."),
        Case(
            "predict {run} --index 48-50 --data-dir {data}", 64,
            "there are 50 test images, counted from 0; 48-50 is not there."),
        Case(
            "predict lenet {in}/bar.png", 64,
            "the weights of lenet are not named.\nAdd --weights FILE, or name a run's folder "
                + "instead."),
        Case(
            "bench lenet --batch 1,x", 64, "--batch 1,x is not a list of sizes such as 1,64."),
        Case(
            "graph lenet --mode train,infer", 64,
            "--mode must be train or infer, not train,infer."),
        Case("graph lenet --batch 0", 64, "--batch must be from 1 to 65536."),
        Case("graph lenet --top 3", 64, "--top is about the plan.\nAdd --plan."),
        Case("graph lenet --text", 64, "--text is about the plan.\nAdd --plan."),
        Case("graph lenet --plan --top 0", 64, "--top must be at least 1."),
        Case("evaluate {run} --limit-test 0", 64, "--limit-test must be at least 1."),
        Case(
            "train lenet --save-every 0 --data-dir {data}", 64, "--save-every must be at least 1."),
        Case(
            "compare --models lenet --no-speed --out svg", 64,
            "--out svg is no name for a picture.\nLet the name end in .svg or .png."),
        Case(
            "graph lenet --plan --optimized", 64,
            "a plan is always made of the optimized graph.\nLeave out --optimized, or --plan."),
        Case(
            "graph lenet --plan --text --json", 64,
            "--text prints the plan as it is.\nLeave out --json, or --text."),
        Case(
            "graph lenet --plan --text --top 2", 64,
            "--text prints the plan as it is.\nLeave out --top, or --text."),
        Case(
            "graph lenet --plan --seconds 0", 64, "--seconds must be above 0 and below 3600."),
        Case("summary nin --mode tran", 64, "--mode must be train or infer, not tran."),
        Case("summary nin --depth 0", 64, "--depth must be from 1 to 99."),
        Case(
            "train lenet --device cuda --data-dir {data}", 69,
            "there is no device named cuda here.\nUse --device cpu."),
    ]

    // MARK: - Data

    static let again = "\nDelete the file and fetch it again."
    static let images = "train-images-idx3-ubyte"
    static let labels = "train-labels-idx1-ubyte"

    static let data: [Case] = [
        Case(
            "train lenet --data-dir {in}/none", 66,
            "{in}/none: There is no such folder.\n--data-dir names the folder in which the files of "
                + "Fashion-MNIST are."),
        Case(
            "train lenet --data-dir {in}/nolabels", 66,
            "{in}/nolabels: Fashion-MNIST is incomplete: \(labels).gz is missing.\nLeave out "
                + "--data-dir to have the set downloaded."),
        Case(
            "train lenet --data-dir {in}", 66,
            "{in}: The files of Fashion-MNIST are not here: looked for \(images).gz, also unpacked, "
                + "here and in FashionMNIST/raw, fashion-mnist.\nLeave out --data-dir to have the "
                + "set downloaded."),
        Case(
            "train lenet --data-dir {in}/gzip", 65,
            "{in}/gzip/\(images).gz: The gzip data of 5000 bytes are cut short or damaged." + again),
        Case(
            "train lenet --data-dir {in}/magic", 65,
            "{in}/magic/\(images): An IDX file begins with the bytes 00 00 08, but this one with "
                + "00 01 08 03." + again),
        Case(
            "train lenet --data-dir {in}/type", 65,
            "{in}/type/\(images): The IDX elements should be of type 8 (unsigned bytes), but are of "
                + "type 13." + again),
        Case(
            "train lenet --data-dir {in}/huge", 65,
            "{in}/huge/\(images): The IDX header promises 4294967295×4294967295×4294967295 bytes, "
                + "more than a file can have." + again),
        Case(
            "train lenet --data-dir {in}/promise", 65,
            "{in}/promise/\(images): The IDX header promises 4294967295×28×28 = 3367254359280 "
                + "bytes, but 31360 follow." + again),
        Case(
            "train lenet --data-dir {in}/labels", 65,
            "{in}/labels/\(labels): The label of image 39 is 10, but the labels of 10 classes are 0 "
                + "to 9."),
        Case(
            "train lenet --data-dir {in}/fewer", 65,
            "{in}/fewer/\(labels): There are 39 labels here, but 40 images in {in}/fewer/\(images)."
        ),
        Case(
            "evaluate {run} --data-dir {in}/magic", 65,
            "{in}/magic/\(images): An IDX file begins with the bytes 00 00 08, but this one with "
                + "00 01 08 03." + again),
        Case(
            "train alexnet-d2l --resize 28 --data-dir {data}", 65,
            "alexnet-d2l cannot take 1×28×28: at features.5, max pooling 3×3, stride 2 needs at "
                + "least 3×3, but its input is 256×2×2.\nImages of 65×65 and above work; "
                + "alexnet-d2l was published for 224×224. Choose with --resize."),
        Case(
            "predict {run} {in}/text.png", 65,
            "{in}/text.png: This is no image that Fovea knows: it starts with 6E 6F 20 70.\n"
                + "Convert it first: Fovea reads PNG, JPEG, BMP, and portable maps of the kinds P5 "
                + "and P6."),
        Case(
            "predict {run} {in}/cut.png", 65,
            "{in}/cut.png: The image is damaged: the PNG file ends early.\nReplace the file or take "
                + "it out."),
        Case("predict {run} {in}/none.png", 66, "{in}/none.png: There is no such file."),
        Case(
            "predict {run} {in}/empty", 66,
            "{in}/empty: has no pictures: no name in it ends as those of pictures do."),
        Case(
            "predict {run} {in}/bar.png --class-names {in}/none", 66,
            "{in}/none: cannot be opened: there is no such file or folder."),
        Case(
            "predict {run} {in}/bar.png --class-names {in}/two.txt", 65,
            "{in}/two.txt: has 2 lines, but lenet names 10 classes.\nGive one name a line, in the "
                + "order of the classes."),
        Case(
            "evaluate {run} --data-dir {data} --class-names {in}/gap.txt", 65,
            "{in}/gap.txt: line 3 has no name."),
    ]

    // MARK: - Weights and runs

    static let unread = "is not a safetensors file that can be read:"
    static let unpickled = "is not a PyTorch file that can be read:"
    static let onlyWeights =
        "\nOnly a state dict can be read; to save one in PyTorch: "
        + "torch.save(model.state_dict(), \"weights.pth\")"
    static let namesEval =
        "it names builtins.eval, which no state dict needs and Fovea does not run."
    static let fetchAgain = "\nFetch or write the file again."
    static let otherWeights = "\nChoose the network these weights were saved from."

    static let pickles: [Case] = [
        Case(
            "predict lenet --weights {in}/eval.pth {in}/bar.png", 65,
            "{in}/eval.pth: \(unpickled) \(namesEval)" + onlyWeights),
        Case(
            "evaluate lenet --weights {in}/eval.pth --data fashion-mnist --data-dir {data}", 65,
            "{in}/eval.pth: \(unpickled) \(namesEval)" + onlyWeights),
        Case(
            "forward lenet --weights {in}/eval.pth --input {in}/input --output y", 65,
            "{in}/eval.pth: \(unpickled) \(namesEval)" + onlyWeights),
        Case(
            "train lenet --init-weights {in}/eval.pth --data-dir {data}", 65,
            "{in}/eval.pth: \(unpickled) \(namesEval)" + onlyWeights),
        Case(
            "export lenet --weights {in}/cut.pth", 65,
            "{in}/cut.pth: \(unpickled) its storage 9 claims 10 elements of f32, but 39 bytes "
                + "follow." + fetchAgain),
        Case(
            "export lenet --weights {in}/text.png", 65,
            "{in}/text.png: is no weights file that Fovea knows: it begins with 6E 6F 20 70.\n"
                + "Fovea reads safetensors files, and state dicts that PyTorch saved."),
        Case(
            "export nin --weights {in}/lenet.pth", 65,
            "{in}/lenet.pth: does not hold the weights of nin: missing: features.0.0.weight, "
                + "features.0.0.bias, features.0.2.weight, features.0.2.bias and 20 more; "
                + "unexpected: features.0.weight, features.0.bias, features.3.weight, "
                + "features.3.bias and 6 more." + otherWeights),
    ]

    static let weights: [Case] = [
        Case(
            "predict lenet --weights {in}/none {in}/bar.png", 66,
            "{in}/none: cannot be opened: there is no such file or folder."),
        Case(
            "predict lenet --weights {in}/overlap {in}/bar.png", 65,
            "{in}/overlap: \(unread) tensor b begins at 4, not at 8, where the one before it ends."
                + fetchAgain),
        Case(
            "forward lenet --weights {in}/header --input {in}/input --output y", 65,
            "{in}/header: \(unread) its header claims 100000000000 bytes, more than 100000000."
                + fetchAgain),
        Case(
            "evaluate lenet --weights {in}/missing --data fashion-mnist --data-dir {data}", 65,
            "{in}/missing: does not hold the weights of lenet: missing: classifier.4.bias."
                + otherWeights),
        Case(
            "predict lenet --weights {run}/best.safetensors --classes 7 {in}/bar.png", 64,
            "{run}/best.safetensors: is for 10 classes, not 7.\nLeave --classes out."),
        Case(
            "forward lenet --weights {in}/extra --input {in}/input --output y", 65,
            "{in}/extra: does not hold the weights of lenet: unexpected: classifier.6.bias."
                + otherWeights),
        Case(
            "train lenet --init-weights {in}/misshapen --data-dir {data}", 65,
            "{in}/misshapen: does not hold the weights of lenet: of another shape: "
                + "classifier.4.bias is f32[5], not f32[10]." + otherWeights),
        Case(
            "forward lenet --weights {run}/best.safetensors --input {in}/extra --output y", 65,
            "{in}/extra: has no tensor `input` of the type f32 and the shape [N, C, H, W]."),
        Case(
            "forward lenet --weights {run}/best.safetensors --input {in}/small --output y", 65,
            "lenet cannot take 1×4×4: at features.3, convolution 5×5 needs at least 5×5, but its "
                + "input is 6×2×2.\nImages of 12×12 and above work; lenet was published for 28×28. "
                + "Choose with --resize."),
        Case(
            "export {run} --format onnx", 64,
            "there is no --format onnx.\nChoose --format safetensors."),
        Case(
            "export lenet", 64,
            "the weights of lenet are not named.\nAdd --weights FILE, or name a run's folder "
                + "instead."),
        Case(
            "export lenet --weights {in}/extra", 65,
            "{in}/extra: does not hold the weights of lenet: unexpected: classifier.6.bias."
                + otherWeights),
        Case(
            "evaluate {in}", 66,
            "{in}: is neither a run's folder nor a network.\n`fovea train` makes a run's folder; "
                + "`fovea models` lists the networks."),
    ]

    // MARK: - Output

    static let outputs: [Case] = [
        Case(
            "train lenet --data-dir {data} --out {in}/file/run", 73,
            "{in}/file/run: cannot be created: not a directory.\nChoose another folder with --out."),
        Case(
            "train lenet --data-dir {data} --out /proc/fovea/run", 73,
            "/proc/fovea/run: cannot be created: no such file or directory.\nChoose another folder "
                + "with --out."),
        Case(
            "forward lenet --weights {run}/best.safetensors --input {in}/input --output "
                + "{in}/file/y", 73,
            "{in}/file/y: cannot be written: not a directory.\nCreate the folder first."),
        Case(
            "forward lenet --weights {run}/best.safetensors --input {in}/input --output /dev/full",
            73, "/dev/full: is not a file, and is not replaced by one.\nChoose another name."),
        Case(
            "export {run} --out {in}/file/w", 73,
            "{in}/file/w: cannot be written: not a directory.\nCreate the folder first."),
        Case(
            "filters {run} --out none/f.png", 73,
            "none/f.png: cannot be written: there is no such file or folder.\nCreate the folder "
                + "first."),
        Case(
            "summary lenet --svg none/f.svg", 73,
            "none/f.svg: cannot be written: there is no such file or folder.\nCreate the folder "
                + "first."),
    ]

    // MARK: - The table

    @Test(
        "Exit codes and sentences",
        arguments: usages + data + pickles + weights + outputs + compare)
    func sentence(_ one: Case) throws {
        let run = try TrainedRun.shared.get()
        let inputs = try BadInputs.shared.get()
        func filled(_ text: String) -> String {
            text.replacing("{in}", with: inputs.path).replacing("{run}", with: run.run)
                .replacing("{data}", with: run.data)
        }
        let (before, names) = (inputs.names, run.names)
        let folder = try TemporaryFolder()
        let outcome = try Program.run(
            filled(one.arguments).split(separator: " ").map(String.init), in: folder.path)
        #expect(outcome.code == one.code)
        #expect(outcome.remarks == "fovea: \(filled(one.sentence))\n")
        #expect(outcome.output == "")
        #expect(folder.names == [], "nothing is left where it ran")
        #expect(inputs.names == before && run.names == names, "nothing is left elsewhere")
    }

    @Test("More memory than there is is told, not tried")
    func memory() throws {
        let run = try TrainedRun.shared.get()
        let folder = try TemporaryFolder()
        let outcome = try Program.run(
            [
                "train", "lenet", "--resize", "4096", "--batch", "65536", "--data-dir", run.data,
            ], in: folder.path)
        #expect(outcome.code == 69)
        let message =
            #/fovea: there is no memory for 4[67]\d{10} bytes\.\nChoose a smaller --batch or --resize\.\n/#
        #expect(outcome.remarks.wholeMatch(of: message) != nil, "\(outcome.remarks)")
        #expect(folder.names == [])
    }

    @Test("A result that cannot be written is an error")
    func fullOutput() throws {
        let outcome = try Program.run(["models"], shell: "exec >/dev/full;")
        #expect(outcome.code == 74)
        #expect(
            outcome.remarks
                == "fovea: the result cannot be written: no space left on device.\n")
    }

    @Test("A reader that goes away ends no run")
    func brokenPipe() throws {
        let run = try TrainedRun.shared.get()
        let folder = try TemporaryFolder()
        // The first reader is gone at once, and so every line of progress has none.
        let outcome = try Program.run(
            ["lenet", "--max-steps", "30", "--data-dir", run.data, "--out", "run"],
            in: folder.path,
            shell: "\"$0\" train \"$@\" 2>&1 >/dev/null | true; cat run/run.json; exit;")
        #expect(outcome.output.contains("\"status\" : \"finished\""), "\(outcome.output)")
    }

    @Test("A disk that takes no more ends a run with what was saved")
    func fullDisk() throws {
        let run = try TrainedRun.shared.get()
        let folder = try TemporaryFolder()
        // No file may grow beyond 100 KiB: the record may be written, but no checkpoint.
        let outcome = try Program.run(
            [
                "train", "lenet", "--batch", "20", "--save-every", "5", "--data-dir", run.data,
                "--out", "run",
            ], in: folder.path, shell: "trap '' XFSZ; ulimit -f 200;")
        #expect(outcome.code == 74)
        let last = outcome.remarks.split(separator: "\n").last
        #expect(
            last == "fovea: run/checkpoint-00000005.safetensors: cannot be written: file too large."
        )
        #expect(folder.names == ["run", "run/metrics.jsonl", "run/run.json"])
        let record = try JSONSerialization.jsonObject(with: Data(folder.read("run/run.json")))
        #expect((record as? [String: Any])?["status"] as? String == "failed")
        #expect(
            (record as? [String: Any])?["reason"] as? String == "cannot be written: file too large."
        )
        // With room again the same command goes on.
        let again = try Program.run(
            [
                "train", "lenet", "--batch", "20", "--save-every", "5", "--data-dir", run.data,
                "--out", "run", "--resume", "--max-steps", "10",
            ], in: folder.path)
        #expect(again.code == 0, "\(again.remarks)")
    }

    @Test("A run whose loss is not finite stops with 75 and what was good")
    func notFinite() throws {
        let run = try TrainedRun.shared.get()
        let folder = try TemporaryFolder()
        let outcome = try Program.run(
            [
                "train", "lenet", "--batch", "20", "--lr", "3e37", "--data-dir", run.data, "--out",
                "run", "--json",
            ], in: folder.path)
        #expect(outcome.code == 75)
        #expect(outcome.output == "")
        let match = try #require(
            outcome.remarks.firstMatch(
                of:
                    #/fovea: (The loss|A gradient|A weight|A score of a test image) is not finite at step \d+\.\n/#
            ))
        #expect(
            outcome.remarks[match.range.upperBound...]
                == "Try a smaller --lr; nothing was saved from this step.\n")
        #expect(
            folder.names.allSatisfy { !$0.contains(".tmp-") && !$0.hasSuffix("last.safetensors") })
    }
}

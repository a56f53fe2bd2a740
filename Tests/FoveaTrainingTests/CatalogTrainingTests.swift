// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
import FoveaCompiler
import FoveaGraph
import FoveaLayers
import FoveaModels
import FoveaRuntime
import FoveaTestSupport
import FoveaTraining
import Testing

/// That every network of the catalog learns on the CPU's kernels.
@Suite(.serialized) struct CatalogTrainingTests {
    static let batch = 4

    /// Small images: most of a network's depth is left, and little of its arithmetic.
    static func side(_ entry: Catalog.Entry) -> Int {
        max(entry.smallestInput(mode: .training, batch: Self.batch) ?? 32, 32)
    }

    @Test(arguments: Catalog.all) func twoStepsLowerTheLoss(_ entry: Catalog.Entry) throws {
        let side = Self.side(entry), options = Catalog.Options(classes: 10)
        let image: Shape = [entry.input[0], side, side]
        let network = try PreparedNetwork(
            image: image, batch: Self.batch, mode: .training, optimizer: .sgd(),
            on: try Device.cpu.makeBackend()
        ) { (images, mode) throws(FoveaError) -> TracedNetwork in
            try entry.traced(
                images: images, mode: mode, options: options,
                lossSmoothing: mode == .training ? 0 : nil)
        }
        network.write(Weights(drawing: network.specifications, seed: 1))
        let executable = try network.executable(.training, batch: Self.batch)
        let images = FormulaValues.unit("images", image.batched(Self.batch)).values.map(Float.init)
        let labels = FormulaValues.labels("labels", Self.batch, classes: 10).values
        var losses: [Float] = []
        var rate: Float?
        for step in 0..<3 {
            // The draw's number stays, and with it what is dropped: one function is minimised.
            try executable.run(
                images, labels.map { Int32($0) }, RandomDraw(seed: 1, step: 0))
            let loss = try #require(executable.output("loss")?.floats.first)
            losses.append(loss)
            if rate == nil {
                var length = 0.0
                for parameter in network.specifications where parameter.role == .weight {
                    let gradient = try #require(
                        network.parameters.read(.gradient, of: parameter.name))
                    let norm = gradient.norm()
                    #expect(norm.isFinite)
                    length += norm * norm
                }
                // By the gradient alone, each of the first steps would lower the loss by a fiftieth.
                rate = Float(0.02 * Double(loss) / length)
            }
            #expect(network.parameters.update(rate: try #require(rate), step: step + 1))
        }
        #expect(losses[1] < losses[0] && losses[2] < losses[1], "\(losses)")
    }
}

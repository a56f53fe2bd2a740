// SPDX-License-Identifier: Apache-2.0
import Fovea

/// What `compare --json` prints.
struct CompareOutput: Encodable {
    struct Model: Encodable {
        let network: String
        let input: [Int]
        let parameters, multiplyAdds: Int?
        let memory: NetworkSummary.Memory?
        let trainImagesPerSecond, inferImagesPerSecond: Double?
        let batch: Int
        let accuracy: String?
    }

    struct Run: Encodable {
        let run, network: String
        let input: [Int]
        let data, recipe, status: String
        let epochs: Double
        let loss, testAccuracy, bestTestAccuracy: Double?
        let bestEpoch: Int?
        let seconds: Double?
        let parameters, multiplyAdds: Int?
        let memory: NetworkSummary.Memory?
        let imagesPerSecond: Double?
        let batch: Int
    }

    let schema = 1
    let machine = RunRecord.Machine.current
    let models: [Model]
    let runs: [Run]

    init(_ comparison: Comparison) {
        models = comparison.entries.filter { $0.run == nil }.map { entry in
            Model(
                network: entry.network, input: entry.input, parameters: entry.parameters,
                multiplyAdds: entry.multiplyAdds, memory: entry.memory,
                trainImagesPerSecond: entry.trainingSpeed,
                inferImagesPerSecond: entry.inferenceSpeed, batch: entry.batch,
                accuracy: entry.publishedAccuracy)
        }
        runs = comparison.entries.compactMap { entry in
            entry.run.map { run in
                Run(
                    run: entry.name, network: entry.network, input: entry.input, data: run.data,
                    recipe: run.recipe, status: run.status, epochs: run.epochs, loss: run.loss,
                    testAccuracy: run.testAccuracy, bestTestAccuracy: run.bestTestAccuracy,
                    bestEpoch: run.bestEpoch, seconds: run.seconds, parameters: entry.parameters,
                    multiplyAdds: entry.multiplyAdds, memory: entry.memory,
                    imagesPerSecond: entry.trainingSpeed, batch: entry.batch)
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
import FoveaGraph
import FoveaLayers
import FoveaTestSupport
import FoveaRuntime

/// A network whose channels fill no block of sixteen, but nearly, with every kind of layer.
struct SmallNetwork: Layer, Network {
    let features = Sequential {
        Conv2d(30, kernel: 3, padding: 1); ReLU()
        Conv2d(45, kernel: 3, padding: 1); ReLU()
        MaxPool2d(kernel: 3, stride: 2, rounding: .up)
        Dropout(0.25)
        Conv2d(47, kernel: 3, padding: 1); Sigmoid()
        AveragePool2d(kernel: 2)
        Conv2d(31, kernel: 1); ReLU()
    }
    let classifier = Sequential {
        Linear(18); ReLU(); Dropout(0.5)
        Linear(7)
    }

    func callAsFunction(_ x: Tensor) -> Tensor { classifier(features(x).flattened()) }

    /// The network for a batch, differentiated if it is to be trained.
    static func graph(_ mode: Mode, batch: Int) throws -> Graph {
        let traced = try TracedNetwork(
            SmallNetwork(), images: [batch, 3, 14, 14], mode: mode, lossSmoothing: 0.1)
        return mode == .training ? try traced.graph.differentiated() : traced.graph
    }

    static func inputs(batch: Int) -> [String: HostValue] {
        [
            "images": FormulaValues.uniform("images", [batch, 3, 14, 14]),
            "labels": FormulaValues.labels("labels", batch, classes: 7),
        ]
    }

    static func parameters(of graph: Graph) -> [String: HostValue] {
        RandomValues(seed: 7).parameters(of: graph).mapValues(\.rounded)
    }
}

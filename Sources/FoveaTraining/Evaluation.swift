// SPDX-License-Identifier: Apache-2.0
package import FoveaData
package import FoveaGraph
import FoveaLayers

/// How well a network classifies labelled images.
public struct Evaluation: Sendable {
    /// Loss and accuracy over all images.
    public let metrics: Metrics
    /// For each class, how often each class was named for its images: rows are true classes.
    public let confusion: [[Int]]
    /// The number of images whose class is among the five most likely.
    public let topFiveCorrect: Int

    /// The number of images.
    public var count: Int { metrics.count }
    /// The mean cross-entropy.
    public var loss: Double { metrics.loss }
    /// The share of images that were classified right.
    public var accuracy: Double { metrics.accuracy }
    /// The share of images whose class is among the five most likely.
    public var top5: Double { ratio(topFiveCorrect, count) }

    /// Of the images named a class, the share that are of it.
    ///
    /// - Parameter label: The class.
    /// - Returns: A number from 0 to 1; 0 if none was named it.
    public func precision(_ label: Int) -> Double {
        ratio(confusion[label][label], confusion.reduce(0) { $0 + $1[label] })
    }

    /// Of the images of a class, the share that were named it.
    ///
    /// - Parameter label: The class.
    /// - Returns: A number from 0 to 1; 0 if there are none.
    public func recall(_ label: Int) -> Double {
        ratio(confusion[label][label], confusion[label].reduce(0, +))
    }

    /// The harmonic mean of precision and recall.
    ///
    /// - Parameter label: The class.
    /// - Returns: A number from 0 to 1.
    public func f1(_ label: Int) -> Double {
        let sum = precision(label) + recall(label)
        return sum == 0 ? 0 : 2 * precision(label) * recall(label) / sum
    }

    /// The classes that are never named, though at least ten images are of them.
    ///
    /// So it goes where a ReLU follows the scores, as in NiN: a score that is below zero for all images has
    /// no gradient, and its class is never learnt.
    public var neverNamed: [Int] {
        confusion.indices.filter { label in
            confusion[label].reduce(0, +) >= 10 && confusion.allSatisfy { $0[label] == 0 }
        }
    }

    /// Classifies labelled images.
    ///
    /// - Parameters:
    ///   - network: The network with its weights.
    ///   - data: The images and labels.
    ///   - batch: The number of images classified at once.
    /// - Throws: An error if the images or their classes do not fit the network.
    package init(
        _ network: PreparedNetwork, on data: any ImageDataset, batch: Int
    ) throws(FoveaError) {
        // A plan is made before the loader takes a core, so that kernels are tried on idle ones.
        _ = try network.executable(.inference, batch: max(1, min(batch, data.count)))
        let loader = try network.loader(for: data, batch: batch, .sequential)
        let classes = network.classes
        var confusion = [[Int]](repeating: [Int](repeating: 0, count: classes), count: classes)
        var metrics = Metrics()
        var topFive = 0
        while let batch = loader.next() {
            defer { loader.recycle(batch) }
            let logits = try network.logits(batch.images, count: batch.count)
            var correct = 0
            for (row, label) in batch.labels.enumerated() {
                let scores = logits[row * classes..<(row + 1) * classes]
                let own = scores[scores.startIndex + Int(label)]
                let guess = likeliestClass(scores)
                confusion[Int(label)][guess] += 1
                if guess == Int(label) { correct += 1 }
                if scores.count(where: { $0 > own }) < 5 { topFive += 1 }
            }
            metrics.add(
                loss: meanCrossEntropy(logits, batch.labels), correct: correct, count: batch.count)
        }
        self.confusion = confusion
        self.metrics = metrics
        topFiveCorrect = topFive
    }
}

private func ratio(_ part: Int, _ whole: Int) -> Double {
    whole == 0 ? 0 : Double(part) / Double(whole)
}

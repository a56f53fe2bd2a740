// SPDX-License-Identifier: Apache-2.0

/// Loss and accuracy gathered over images, as the book counts them.
///
/// The training figures are averages over the steps of an epoch while the weights move; nothing is
/// computed again afterwards.
public struct Metrics: Sendable, Hashable, Codable {
    /// The sum of the losses of all images.
    public private(set) var lossSum = 0.0
    /// The number of images whose largest logit is that of their label.
    public private(set) var correct = 0
    /// The number of images.
    public private(set) var count = 0

    /// Starts with nothing.
    public init() {}

    /// The mean loss.
    public var loss: Double { lossSum / Double(max(count, 1)) }
    /// The share of images that were classified right.
    public var accuracy: Double { Double(correct) / Double(max(count, 1)) }

    /// Adds a batch.
    ///
    /// - Parameters:
    ///   - loss: Its mean loss.
    ///   - correct: The number of its images that were classified right.
    ///   - count: The number of its images.
    public mutating func add(loss: Double, correct: Int, count: Int) {
        lossSum += loss * Double(count)
        self.correct += correct
        self.count += count
    }
}

/// The number of rows whose largest element stands at the row's label; the first of equals counts.
///
/// - Parameters:
///   - logits: One row an image.
///   - labels: One label an image.
/// - Returns: How many are right.
package func correctCount(_ logits: [Float], _ labels: UnsafeBufferPointer<Int32>) -> Int {
    let classes = logits.count / max(labels.count, 1)
    return labels.indices.count { row in
        var best = row * classes
        for index in best..<best + classes where logits[index] > logits[best] { best = index }
        return best - row * classes == Int(labels[row])
    }
}

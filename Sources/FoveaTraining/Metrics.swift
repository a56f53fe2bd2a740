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

/// The class with the largest score; the first of equals.
///
/// - Parameter scores: One number a class.
/// - Returns: The label.
package func likeliestClass(_ scores: ArraySlice<Float>) -> Int {
    var best = scores.startIndex
    for index in scores.indices where scores[index] > scores[best] { best = index }
    return best - scores.startIndex
}

/// The number of rows whose likeliest class is the row's label.
///
/// - Parameters:
///   - logits: One row an image.
///   - labels: One label an image.
/// - Returns: How many are right.
package func correctCount(_ logits: [Float], _ labels: UnsafeBufferPointer<Int32>) -> Int {
    let classes = logits.count / max(labels.count, 1)
    return labels.indices.count { row in
        likeliestClass(logits[row * classes..<(row + 1) * classes]) == Int(labels[row])
    }
}

// SPDX-License-Identifier: Apache-2.0

/// The name that a mistyped one most likely stands for.
///
/// - Parameters:
///   - name: What was typed.
///   - candidates: The names there are.
/// - Returns: The candidate with the fewest edits, or nil if none is near.
public func nearestName(to name: String, among candidates: [String]) -> String? {
    let typed = Array(name.lowercased())
    let nearest = candidates.map { ($0, edits(typed, Array($0.lowercased()))) }.min {
        $0.1 < $1.1
    }
    guard let (candidate, distance) = nearest, distance <= max(2, typed.count / 3) else {
        return candidates.first { $0.hasPrefix(name.lowercased()) && name.count > 2 }
    }
    return candidate
}

/// The distance of Levenshtein: insertions, deletions and replacements from one word to another.
private func edits(_ from: [Character], _ to: [Character]) -> Int {
    var row = Array(0...to.count)
    for (i, left) in from.enumerated() {
        var diagonal = row[0]
        row[0] = i + 1
        for (j, right) in to.enumerated() {
            let replaced = diagonal + (left == right ? 0 : 1)
            diagonal = row[j + 1]
            row[j + 1] = min(replaced, row[j] + 1, row[j + 1] + 1)
        }
    }
    return row[to.count]
}

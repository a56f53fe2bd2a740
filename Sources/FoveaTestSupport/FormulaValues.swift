// SPDX-License-Identifier: Apache-2.0
public import FoveaGraph
public import FoveaRuntime

/// The numbers that fixtures do not store: every tensor is a pure function of its name.
///
/// `Scripts/fixtures/formula.py` is the same in Python and explains it.
public enum FormulaValues {
    /// Numbers in [−1, 1) times a scale, rounded to 32-bit floats.
    ///
    /// - Parameters:
    ///   - name: The name of the tensor.
    ///   - shape: The extents.
    ///   - scale: The scale, one for numbers as they are.
    /// - Returns: The numbers.
    public static func uniform(_ name: String, _ shape: Shape, scale: Float = 1) -> HostValue {
        numbers(name, shape) { Double((Float($0) * 0x1p-23 - 1) * scale) }
    }

    /// Numbers in [0, 1).
    ///
    /// - Parameters:
    ///   - name: The name of the tensor.
    ///   - shape: The extents.
    /// - Returns: The numbers.
    public static func unit(_ name: String, _ shape: Shape) -> HostValue {
        numbers(name, shape) { Double($0) * 0x1p-24 }
    }

    /// Whole numbers from −largest to largest.
    ///
    /// - Parameters:
    ///   - name: The name of the tensor.
    ///   - shape: The extents.
    ///   - largest: The largest magnitude.
    /// - Returns: The numbers.
    public static func whole(_ name: String, _ shape: Shape, largest: Int = 3) -> HostValue {
        numbers(name, shape) { Double(Int($0 % UInt64(2 * largest + 1)) - largest) }
    }

    /// Labels of images.
    ///
    /// - Parameters:
    ///   - name: The name of the tensor.
    ///   - count: The number of images.
    ///   - classes: The number of classes.
    /// - Returns: One label an image.
    public static func labels(_ name: String, _ count: Int, classes: Int) -> HostValue {
        numbers(name, [count]) { Double($0 % UInt64(classes)) }
    }

    private static func numbers(
        _ name: String, _ shape: Shape, _ number: (UInt64) -> Double
    ) -> HostValue {
        let hash = fnv1a(name)
        return HostValue(
            shape, (0..<shape.count).map { number(splitMix(hash &+ UInt64($0)) >> 40) })
    }

    static func fnv1a(_ name: String) -> UInt64 {
        name.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
    }

    static func splitMix(_ state: UInt64) -> UInt64 {
        var z = state &+ 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

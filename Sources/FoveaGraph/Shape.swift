// SPDX-License-Identifier: Apache-2.0

/// The extents of a tensor along its axes, outermost first.
///
/// A shape of rank 4 is [N, C, H, W] for images and [out, in, H, W] for convolution weights, in
/// every file and message; how a device lays the elements out is the plan's affair.
public struct Shape: Hashable, Sendable, ExpressibleByArrayLiteral, CustomStringConvertible {
    /// The extents, outermost first.
    public var dimensions: [Int]

    /// Makes a shape from its extents.
    public init(_ dimensions: [Int]) {
        self.dimensions = dimensions
    }

    /// Makes a shape from a literal such as `[64, 1, 28, 28]`.
    public init(arrayLiteral elements: Int...) {
        dimensions = elements
    }

    /// The number of axes.
    public var rank: Int { dimensions.count }

    /// The number of elements: the product of the extents, 1 for a scalar.
    public var count: Int { dimensions.reduce(1, *) }

    /// The extent along one axis, counted from the outermost.
    public subscript(axis: Int) -> Int { dimensions[axis] }

    /// The extent of the outermost axis, N.
    public var batch: Int { dimensions.first ?? 1 }

    /// The extent of the second axis, C.
    public var channels: Int { rank > 1 ? dimensions[1] : 1 }

    /// The extent of the third axis, H.
    public var height: Int { rank > 2 ? dimensions[2] : 1 }

    /// The extent of the fourth axis, W.
    public var width: Int { rank > 3 ? dimensions[3] : 1 }

    /// Height and width together.
    public var extent: Extent { Extent(height, width) }

    /// The shape of one element of the batch.
    public var perImage: Shape { Shape(Array(dimensions.dropFirst())) }

    /// Whether it has more elements than any machine holds, so many that what is counted of them, bytes and
    /// multiply-adds, might be no number.
    package var isTooLarge: Bool {
        var count = 1
        for dimension in dimensions {
            let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
            guard !overflow, product <= 1 << 44 else { return true }
            count = product
        }
        return false
    }

    /// The extents joined by a multiplication sign: "64×1×28×28".
    public var description: String {
        rank == 0 ? "scalar" : dimensions.map(String.init).joined(separator: "×")
    }
}

/// A height and a width.
public struct Extent: Hashable, Sendable, ExpressibleByIntegerLiteral, CustomStringConvertible {
    /// The vertical extent.
    public var height: Int
    /// The horizontal extent.
    public var width: Int

    /// Makes an extent from a height and a width.
    public init(_ height: Int, _ width: Int) {
        self.height = height
        self.width = width
    }

    /// Makes a square extent.
    public init(_ side: Int) {
        self.init(side, side)
    }

    /// Makes a square extent from a literal.
    public init(integerLiteral side: Int) {
        self.init(side, side)
    }

    /// Half of each extent, rounded down: the padding that keeps an odd kernel's input size.
    public var half: Extent { Extent(height / 2, width / 2) }

    /// The product of height and width.
    public var area: Int { height * width }

    /// "3×3".
    public var description: String { "\(height)×\(width)" }
}

/// What a value holds: a shape and the type of its elements.
public struct TensorType: Hashable, Sendable, CustomStringConvertible {
    /// The extents.
    public var shape: Shape
    /// The type of the elements.
    public var dtype: DType

    /// Makes a tensor type, of 32-bit floats unless told otherwise.
    public init(_ shape: Shape, _ dtype: DType = .f32) {
        self.shape = shape
        self.dtype = dtype
    }

    /// The size in bytes in row-major order without padding.
    public var byteCount: Int { shape.count * dtype.size }

    /// "f32[64×10]".
    public var description: String { "\(dtype.rawValue)[\(shape)]" }
}

extension [TensorType] {
    /// "f32[64×10], i32[64]".
    var listed: String { isEmpty ? "nothing" : map(\.description).joined(separator: ", ") }
}

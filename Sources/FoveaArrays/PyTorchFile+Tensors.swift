// SPDX-License-Identifier: Apache-2.0
import FoveaGraph

extension PyTorchFile {
    /// Copies tensors out of their storages into row-major order.
    ///
    /// A tensor that is there under two names is copied once. What all take together is checked
    /// before any memory is taken: views of one storage, or axes without a stride, could make a small
    /// file claim as much as it likes.
    ///
    /// - Parameters:
    ///   - tensors: The tensors with their names.
    ///   - limit: The size of the file; the tensors may not take more.
    ///   - read: Gives the bytes of a storage.
    /// - Returns: The arrays under the same names.
    /// - Throws: A flaw if a tensor does not lie within its storage, or all are too large.
    static func arrays(
        of tensors: [(name: String, tensor: PickledTensor)], limit: Int,
        read: (PickledStorage) throws(PyTorchFlaw) -> ArraySlice<UInt8>
    ) throws(PyTorchFlaw) -> [(name: String, array: NDArray)] {
        var places: [PickledTensor: Int] = [:]
        var distinct: [(name: String, tensor: PickledTensor)] = []
        var total = 0
        /// How many tensors still need a storage, by its key.
        var uses: [String: Int] = [:]
        for (name, tensor) in tensors where places[tensor] == nil {
            let size = try tensor.checkedByteCount(name)
            guard size <= limit - total else {
                throw PyTorchFlaw(
                    what: "its tensors take more than the \(limit) bytes that the file has",
                    remedy: "Save copies in PyTorch: torch.save({k: v.clone() for k, v in "
                        + "model.state_dict().items()}, \"weights.pth\")")
            }
            total += size
            places[tensor] = distinct.count
            distinct.append((name, tensor))
            uses[tensor.storage.key, default: 0] += 1
        }
        var storages: [String: ArraySlice<UInt8>] = [:]
        var arrays: [NDArray] = []
        for (name, tensor) in distinct {
            let key = tensor.storage.key
            let bytes: ArraySlice<UInt8>
            if let known = storages[key] {
                bytes = known
            } else {
                bytes = try read(tensor.storage)
                storages[key] = bytes
            }
            let (need, overflow) = tensor.storage.count.multipliedReportingOverflow(
                by: tensor.storage.dtype.size)
            guard !overflow, need <= bytes.count else {
                throw .damaged(
                    "the storage of \(legibleName(name)) has \(bytes.count) bytes, too few "
                        + "for \(tensor.storage.count) elements of \(tensor.storage.dtype)")
            }
            arrays.append(NDArray(tensor.type, bytes: tensor.gathered(from: bytes)))
            uses[key, default: 0] -= 1
            if uses[key] == 0 { storages[key] = nil }
        }
        var result: [(name: String, array: NDArray)] = []
        for (name, tensor) in tensors {
            if let place = places[tensor] { result.append((name, arrays[place])) }
        }
        return result
    }
}

extension PickledTensor {
    /// PyTorch has no tensors of more axes.
    private static let rankLimit = 64

    /// Shape and element type, for a tensor that was checked.
    var type: TensorType { TensorType(Shape(shape), storage.dtype) }

    /// The size in bytes, row-major, of a tensor that lies within its storage as it is described.
    func checkedByteCount(_ name: String) throws(PyTorchFlaw) -> Int {
        let name = legibleName(name)
        guard shape.count <= Self.rankLimit, shape.count == strides.count else {
            throw .damaged(
                "tensor \(name) has \(shape.count) extents and \(strides.count) strides")
        }
        guard offset >= 0, shape.allSatisfy({ $0 >= 0 }), strides.allSatisfy({ $0 >= 0 }) else {
            throw .damaged(
                "tensor \(name) has the offset \(offset), the shape \(shape) and the strides "
                    + "\(strides)")
        }
        // Extents that only a zero among them keeps small are no more to be trusted than others.
        var (size, overflow) = (storage.dtype.size, false)
        for extent in shape where !overflow {
            (size, overflow) = size.multipliedReportingOverflow(by: max(extent, 1))
        }
        guard !overflow else {
            throw .damaged("tensor \(name) has the shape \(shape), which no memory holds")
        }
        if shape.contains(0) { return 0 }
        var last = offset
        for (extent, stride) in zip(shape, strides) where !overflow {
            let (step, isTooFar) = (extent - 1).multipliedReportingOverflow(by: stride)
            (last, overflow) = last.addingReportingOverflow(step)
            overflow = overflow || isTooFar
        }
        guard !overflow, last < storage.view.count else {
            throw .damaged(
                "tensor \(name) reaches beyond its storage of \(storage.view.count) elements")
        }
        return size
    }

    /// The elements in row-major order.
    ///
    /// - Parameter source: The bytes of the whole storage, which has all elements it claims.
    /// - Returns: The bytes of the elements.
    func gathered(from source: ArraySlice<UInt8>) -> [UInt8] {
        if shape.contains(0) { return [] }
        let size = storage.dtype.size
        var place = source.startIndex + (storage.view.lowerBound + offset) * size
        // An axis of one element has any stride, however large.
        let axes = zip(shape, strides).filter { $0.0 > 1 }.map { (extent: $0, step: $1 * size) }
        var run = size
        var outer = axes
        while let axis = outer.last, axis.step == run {
            run *= axis.extent
            outer.removeLast()
        }
        var result: [UInt8] = []
        result.reserveCapacity(outer.reduce(run) { $0 * $1.extent })
        var index = [Int](repeating: 0, count: outer.count)
        while true {
            result += source[place..<place + run]
            var axis = outer.count - 1
            while axis >= 0 {
                index[axis] += 1
                place += outer[axis].step
                if index[axis] < outer[axis].extent { break }
                place -= outer[axis].extent * outer[axis].step
                index[axis] = 0
                axis -= 1
            }
            if axis < 0 { return result }
        }
    }
}

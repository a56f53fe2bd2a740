// SPDX-License-Identifier: Apache-2.0
import COneDNN
import FoveaCompiler
import FoveaGraph
import Synchronization

/// The products over channels of a chunk's matrices, point by point: convolutions of 1×1 by the library.
///
/// Every thread of the team has a primitive of its own, made for one thread, and takes its share of the
/// points. Were each product shared out among all threads, they would wait for each other after every one.
final class PointProducts: @unchecked Sendable {
    /// One thread's primitive.
    private final class Worker {
        let primitive: Primitive

        init(_ product: fovea_convolution) throws(FoveaError) {
            var product = product
            primitive = try Primitive("products of Winograd's") {
                fovea_convolution_make(&product, &$0)
            }
        }
    }

    private let workers: [Worker]
    private let points: Int
    /// The arguments of the matrices in the order of `execute`, and the distances between two points'.
    private let source, weights, destination: (argument: Int32, bytes: Int)
    let scratchByteCount: Int
    private let scratchByteCountOfWorker: Int

    /// Finds the library's kernel.
    ///
    /// - Parameter isForWeights: Whether the weights' gradient is computed from the other two.
    /// - Throws: An error if it has none whose weights lie in blocks as ours do.
    init(_ geometry: WinogradGeometry, isForWeights: Bool) throws(FoveaError) {
        var product = fovea_convolution()
        product.direction = Int32(isForWeights ? FOVEA_BACKWARD_WEIGHTS : FOVEA_FORWARD_TRAINING)
        product.algorithm = Int32(FOVEA_DIRECT)
        product.dtype = Int32(FOVEA_F32)
        product.groups = 1
        product.window = fovea_window(Window(kernel: 1), from: [1, 1, 1, 1], to: [1, 1, 1, 1])
        let inputs = geometry.source.channels, outputs = geometry.destination.channels
        let arrangement: Arrangement = geometry.lanes == 16 ? .blocked16 : .blocked8
        let x: Shape = [1, inputs, 1, geometry.chunk], y: Shape = [1, outputs, 1, geometry.chunk]
        product.source = x.four
        product.weights = Shape([outputs, inputs, 1, 1]).four
        product.destination = y.four
        product.source_layout = Layout(TensorType(x), arrangement)?.native ?? 0
        product.destination_layout = Layout(TensorType(y), arrangement)?.native ?? 0
        let request = product, threads = Team.count
        workers = try Team.withOneThread { () throws(FoveaError) in
            var workers: [Worker] = []
            for _ in 0..<threads { workers.append(try Worker(request)) }
            return workers
        }
        let vector = geometry.lanes * MemoryLayout<Float>.size
        source = (Int32(FOVEA_ARG_SOURCE), geometry.pointStride(inputs) * vector)
        weights = (
            Int32(isForWeights ? FOVEA_ARG_DIFF_WEIGHTS : FOVEA_ARG_WEIGHTS),
            inputs * outputs * MemoryLayout<Float>.size
        )
        destination = (
            Int32(isForWeights ? FOVEA_ARG_DIFF_DESTINATION : FOVEA_ARG_DESTINATION),
            geometry.pointStride(outputs) * vector
        )
        points = geometry.points * geometry.points
        let first = workers[0]
        scratchByteCountOfWorker = MemoryPlan.aligned(
            fovea_primitive_scratchpad_bytes(first.primitive.handle))
        scratchByteCount = scratchByteCountOfWorker * workers.count
        let layout = first.primitive.layout(Int(weights.argument)).name
        let name = first.primitive.implementation
        guard name.hasPrefix("jit"), layout == "ABcd\(geometry.lanes)b\(geometry.lanes)a" else {
            throw FoveaError(.bug, "\(name) has its weights as \(layout).")
        }
    }

    func prepare() throws(FoveaError) {
        try Team.withOneThread { () throws(FoveaError) in
            for worker in workers {
                try check(fovea_primitive_prepare(worker.primitive.handle), "prepare products")
            }
        }
    }

    /// Multiplies the matrices of all points.
    func execute(
        _ x: UnsafeMutableRawPointer, _ w: UnsafeMutableRawPointer, _ y: UnsafeMutableRawPointer,
        scratch: UnsafeMutableRawPointer?
    ) throws(FoveaError) {
        let status = Atomic<Int32>(0)
        Team.split(workers.count) { part in
            for number in part {
                let range =
                    points * number / workers.count..<points * (number + 1) / workers.count
                let scratch = scratch.map { $0 + number * scratchByteCountOfWorker }
                let result = run(workers[number], range, x, w, y, scratch)
                if result != 0 { status.store(result, ordering: .relaxed) }
            }
        }
        try check(status.load(ordering: .relaxed), "execute products")
    }

    /// Multiplies the matrices of some points; returns the library's status.
    private func run(
        _ worker: Worker, _ points: Range<Int>, _ x: UnsafeMutableRawPointer,
        _ w: UnsafeMutableRawPointer, _ y: UnsafeMutableRawPointer,
        _ scratch: UnsafeMutableRawPointer?
    ) -> Int32 {
        let handle = worker.primitive.handle
        var status: Int32 = 0
        func bind(_ argument: Int32, _ address: UnsafeMutableRawPointer) {
            if status == 0 { status = fovea_primitive_bind(handle, argument, address) }
        }
        if let scratch, scratchByteCountOfWorker > 0 {
            bind(Int32(FOVEA_ARG_SCRATCHPAD), scratch)
        }
        for point in points {
            bind(source.argument, x + point * source.bytes)
            bind(weights.argument, w + point * weights.bytes)
            bind(destination.argument, y + point * destination.bytes)
            if status == 0 { status = fovea_primitive_execute(handle) }
        }
        return status
    }
}

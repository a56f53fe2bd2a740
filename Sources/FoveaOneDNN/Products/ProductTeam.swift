// SPDX-License-Identifier: Apache-2.0
import FoveaCompiler
import FoveaGraph
import Synchronization

/// The same product over channels for every thread of the team, made for one thread each.
///
/// Were each product shared out among all threads, they would wait for each other after every one. The threads
/// of the team execute primitives that the engine's thread made, each its own: with the caller's scratch memory
/// a primitive keeps nothing between executions, and the stream only passes jobs on.
final class ProductTeam: Sendable {
    private let products: [ChannelProduct]

    /// Finds the library's kernels.
    ///
    /// - Parameter request: What is multiplied.
    /// - Throws: An error if there is none whose weights lie in blocks as ours do.
    init(_ request: ChannelProduct.Request) throws(FoveaError) {
        let threads = Team.count
        products = try Team.withOneThread { () throws(FoveaError) in
            var products: [ChannelProduct] = []
            for _ in 0..<threads { products.append(try ChannelProduct(request)) }
            return products
        }
    }

    /// The number of threads.
    var count: Int { products.count }
    /// How the weights of a product lie.
    var weightsLayout: Layout { products[0].weightsLayout }
    var scratchByteCount: Int { products.reduce(0) { $0 + $1.scratchByteCount } }

    /// Makes the code ready.
    func prepare() throws(FoveaError) {
        try Team.withOneThread { () throws(FoveaError) in
            for product in products { try product.prepare() }
        }
    }

    /// Does products, each thread its share of them, one after the other.
    ///
    /// - Parameters:
    ///   - count: The number of products.
    ///   - scratch: The memory that they need while they run.
    ///   - operands: Makes a product's operands ready on its thread, whose number it is told.
    ///   - done: Is told on that thread when a product is there.
    /// - Throws: An error if one fails.
    func execute(
        _ count: Int, scratch: UnsafeMutableRawPointer,
        operands: (_ index: Int, _ thread: Int) -> ChannelProduct.Operands,
        done: (_ index: Int, _ thread: Int) -> Void = { _, _ in }
    ) throws(FoveaError) {
        let status = Atomic<Int32>(0)
        Team.split(products.count) { threads in
            for thread in threads {
                let product = products[thread]
                let scratch = scratch + thread * product.scratchByteCount
                for index in count * thread / products.count..<count * (thread + 1) / products.count
                {
                    let result = product.execute(operands(index, thread), scratch: scratch)
                    if result != 0 { status.store(result, ordering: .relaxed) }
                    done(index, thread)
                }
            }
        }
        try check(status.load(ordering: .relaxed), "execute products over channels")
    }
}

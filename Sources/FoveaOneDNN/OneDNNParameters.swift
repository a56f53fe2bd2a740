// SPDX-License-Identifier: Apache-2.0
import FoveaArrays
import FoveaCompiler
import FoveaGraph
import FoveaRuntime
import Glibc
import Synchronization

/// Parameters, gradients and the optimizer's state in blocks of one and the same order, so that an
/// update is one loop over all of them.
final class OneDNNParameters: ParameterStore, @unchecked Sendable {
    let slots: [Plan.ParameterSlot]
    let optimizer: Optimizer?
    /// Counts the changes of values, so that those notice who keep what follows from them.
    private(set) var version = 0
    private let byName: [String: Plan.ParameterSlot]
    private let statistics: Range<Int>
    private let weights: Range<Int>
    let blocks: [DeviceMemory]

    init(_ plan: Plan, _ optimizer: Optimizer?) throws(FoveaError) {
        slots = plan.parameters
        self.optimizer = optimizer
        byName = Dictionary(uniqueKeysWithValues: plan.parameters.map { ($0.name, $0) })
        let size = MemoryLayout<Float>.size
        statistics = 0..<plan.statisticByteCount / size
        weights = statistics.upperBound..<plan.parameterByteCount / size
        var blocks: [DeviceMemory] = []
        for _ in 0..<(optimizer.map { 2 + $0.stateNames.count } ?? 1) {
            blocks.append(try DeviceMemory(byteCount: plan.parameterByteCount))
        }
        self.blocks = blocks
    }

    var values: UnsafeMutableRawPointer { blocks[0].base }
    /// Without an optimizer there are no gradients, and the next values of statistics take their place
    /// at once.
    var gradients: UnsafeMutableRawPointer { blocks[min(1, blocks.count - 1)].base }

    func read(_ part: ParameterPart, of name: String) -> NDArray? {
        guard let slot = byName[name], let block = block(of: part) else { return nil }
        return NDArray(slot.shape) { target in
            guard let base = target.baseAddress else { return }
            let type = TensorType(slot.shape)
            move(type, from: slot.layout, block + slot.offset, to: .plain(type), base)
        }
    }

    func write(_ part: ParameterPart, of name: String, _ array: NDArray) {
        guard let slot = byName[name], let block = block(of: part) else { return }
        precondition(array.shape == slot.shape, "\(name) is \(slot.shape), not \(array.shape)")
        version += 1
        // A plan that gathers no new value for a statistic leaves it as it is.
        let targets =
            slot.role == .statistic && part == .value ? [block, gradients] : [block]
        array.withFloats { source in
            guard let base = source.baseAddress else { return }
            let type = TensorType(slot.shape)
            for target in targets {
                move(
                    type, from: .plain(type), UnsafeMutablePointer(mutating: base),
                    to: slot.layout, target + slot.offset)
            }
        }
    }

    func update(rate: Float, step: Int) -> Bool {
        guard let optimizer else { preconditionFailure("these parameters are not trained") }
        let pointers = blocks.map { $0.base.assumingMemoryBound(to: Float.self) }
        let w = pointers[0], g = pointers[1]
        let finite = Atomic(true)
        EngineThread.shared.perform {
            Team.split(weights.upperBound, multipleOf: 16) { part in
                if !isFinite(part, g) { finite.store(false, ordering: .relaxed) }
            }
            // A step that went wrong must leave everything as it was.
            guard finite.load(ordering: .relaxed) else { return }
            version += 1
            // Where a weight has its gradient, a statistic has its next value.
            w.update(from: g, count: statistics.count)
            Team.split(weights.count, multipleOf: 16) { part in
                let part = part.lowerBound + statistics.count..<part.upperBound + statistics.count
                switch optimizer {
                case .sgd(let momentum, let nesterov, let decay):
                    if momentum == 0 {
                        descend(part, w, g, rate, decay)
                    } else {
                        descend(part, w, g, pointers[2], rate, decay, momentum, nesterov)
                    }
                case .adamW(let beta1, let beta2, let epsilon, let decay):
                    adapt(
                        part, w, g, pointers[2], pointers[3], rate, beta1, beta2, epsilon, decay,
                        step)
                }
            }
        }
        return finite.load(ordering: .relaxed)
    }

    private func block(of part: ParameterPart) -> UnsafeMutableRawPointer? {
        let index =
            switch part {
            case .value: 0
            case .gradient: 1
            case .state(let number): 2 + number
            }
        return blocks.indices.contains(index) ? blocks[index].base : nil
    }

    private func move(
        _ type: TensorType, from: Layout, _ source: UnsafeMutableRawPointer, to: Layout,
        _ target: UnsafeMutableRawPointer
    ) {
        EngineThread.shared.perform {
            if from == to {
                target.copyMemory(from: source, byteCount: from.byteCount)
                return
            }
            do throws(FoveaError) {
                guard
                    let kernel = try OneDNNLibrary().reorder(type, from: from, to: to)
                        as? any OneDNNKernel
                else { preconditionFailure("\(from) is reordered by another device's kernel") }
                try kernel.prepare()
                let scratch = try DeviceMemory(byteCount: kernel.scratchByteCount)
                try kernel.bind(inputs: [source], outputs: [target], scratch: scratch.base)
                try kernel.execute(RandomDraw(seed: 0, step: 0))
            } catch {
                preconditionFailure("a parameter cannot be copied: \(error)")
            }
        }
    }
}

/// Plain gradient descent over a part of the weights.
private func descend(
    _ part: Range<Int>, _ w: UnsafeMutablePointer<Float>, _ g: UnsafeMutablePointer<Float>,
    _ rate: Float, _ decay: Float
) {
    for i in part {
        w[i] -= rate * (g[i] + decay * w[i])
    }
}

/// Gradient descent with momentum over a part of the weights.
private func descend(
    _ part: Range<Int>, _ w: UnsafeMutablePointer<Float>, _ g: UnsafeMutablePointer<Float>,
    _ v: UnsafeMutablePointer<Float>, _ rate: Float, _ decay: Float, _ momentum: Float,
    _ nesterov: Bool
) {
    for i in part {
        let gradient = g[i] + decay * w[i]
        v[i] = momentum * v[i] + gradient
        w[i] -= rate * (nesterov ? gradient + momentum * v[i] : v[i])
    }
}

/// Adam with decoupled weight decay over a part of the weights.
private func adapt(
    _ part: Range<Int>, _ w: UnsafeMutablePointer<Float>, _ g: UnsafeMutablePointer<Float>,
    _ m: UnsafeMutablePointer<Float>, _ v: UnsafeMutablePointer<Float>, _ rate: Float,
    _ beta1: Float, _ beta2: Float, _ epsilon: Float, _ decay: Float, _ step: Int
) {
    let bias1 = Float(1 - pow(Double(beta1), Double(step)))
    let bias2 = Float(1 - pow(Double(beta2), Double(step)))
    for i in part {
        m[i] = beta1 * m[i] + (1 - beta1) * g[i]
        v[i] = beta2 * v[i] + (1 - beta2) * g[i] * g[i]
        let root = (v[i] / bias2).squareRoot() + epsilon
        w[i] -= rate * (decay * w[i] + m[i] / bias1 / root)
    }
}

/// Whether no number of a part is infinite or none at all.
///
/// Only such numbers have all bits of the exponent set; the largest of whole numbers vectorises.
private func isFinite(_ part: Range<Int>, _ g: UnsafeMutablePointer<Float>) -> Bool {
    var largest: Int32 = 0
    for i in part { largest = max(largest, Int32(bitPattern: g[i].bitPattern) & infiniteExponent) }
    return largest < infiniteExponent
}

/// The exponent that only numbers have which are not finite.
private let infiniteExponent: Int32 = 0x7F80_0000

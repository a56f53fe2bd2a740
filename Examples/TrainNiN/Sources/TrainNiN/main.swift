// SPDX-License-Identifier: Apache-2.0
import Fovea

let data = try DatasetSource.fashionMNIST.load()
let trainer = try Trainer(
    NiN.d2l(dropout: Dropout(0.2)), images: [1, 67, 67], batch: 64,
    optimizer: .sgd(momentum: 0.9, nesterov: true, weightDecay: 5e-4),
    seed: 7, initializer: .kaimingNormal(.fanIn), headInitializer: .even)

let epochs = 3
for epoch in 0..<epochs {
    let fit = try trainer.train(
        on: data.training, epoch: epoch, schedule: .oneCycle, peak: 0.03, of: epochs)
    let score = try trainer.evaluate(on: data.test)
    print("epoch \(epoch + 1)  loss \(fit.loss)  test accuracy \(score.accuracy)")
}
try trainer.weights.write(to: "nin.safetensors")

let predictor = try Predictor(
    NiN.d2l(), images: [1, 67, 67], weights: Weights(safetensors: "nin.safetensors"))
for (label, probability) in try predictor.classify(data.test.image(at: 0)).top(3) {
    print(data.classes[label], probability)
}

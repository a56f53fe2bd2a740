// SPDX-License-Identifier: Apache-2.0
package import FoveaGraph
package import FoveaLayers

extension TracedNetwork {
    /// Records a network of the caller's, whose mistakes are told as all errors are.
    ///
    /// - Parameters:
    ///   - network: The network.
    ///   - images: The shape of the batch.
    ///   - mode: Training or inference.
    ///   - lossSmoothing: How much of the target all classes share; no loss is recorded if nil.
    /// - Returns: What was recorded.
    /// - Throws: An error of the code `.model` if the network does not fit its images.
    package static func recording(
        _ network: any Network, images: Shape, mode: Mode, lossSmoothing: Float? = nil
    ) throws(FoveaError) -> TracedNetwork {
        do throws(ModelError) {
            return try TracedNetwork(
                network, images: images, mode: mode, lossSmoothing: lossSmoothing)
        } catch {
            throw FoveaError(.model, error.description)
        }
    }
}

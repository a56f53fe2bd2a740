// SPDX-License-Identifier: Apache-2.0
import COneDNN
import FoveaGraph

/// Checks what a call of the library answered.
///
/// - Parameters:
///   - status: The answer; 0 is success.
///   - call: What was asked, for the message.
/// - Throws: An error that names the call and the library's status.
func check(_ status: Int32, _ call: @autoclosure () -> String) throws(FoveaError) {
    guard status != 0 else { return }
    let reason = String(cString: fovea_dnn_status_text(status))
    throw FoveaError(
        .device, "oneDNN cannot do \(call()): \(reason).",
        remedy: reason.contains("memory")
            ? "Choose a smaller --batch or --resize."
            : "Please report this with the output of `fovea doctor`.")
}

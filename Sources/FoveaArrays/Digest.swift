// SPDX-License-Identifier: Apache-2.0
import CMessageDigest

/// A message digest that is computed over data as it arrives.
package struct Digest {
    /// The functions there are.
    package enum Algorithm: Sendable {
        /// What publishers of data sets give; good against accidents only.
        case md5
        /// What Fovea itself writes down.
        case sha256
    }

    private enum State {
        case md5(MD5_CTX)
        case sha256(SHA2_CTX)
    }

    private var state: State

    /// Starts a digest of nothing.
    package init(_ algorithm: Algorithm) {
        switch algorithm {
        case .md5:
            var context = MD5_CTX()
            MD5Init(&context)
            state = .md5(context)
        case .sha256:
            var context = SHA2_CTX()
            SHA256Init(&context)
            state = .sha256(context)
        }
    }

    /// Adds data at the end.
    package mutating func update(_ data: UnsafeRawBufferPointer) {
        let bytes = data.bindMemory(to: UInt8.self)
        guard let start = bytes.baseAddress else { return }
        switch state {
        case .md5(var context):
            MD5Update(&context, start, bytes.count)
            state = .md5(context)
        case .sha256(var context):
            SHA256Update(&context, start, bytes.count)
            state = .sha256(context)
        }
    }

    /// The digest of all data so far, in lower-case hexadecimal digits.
    package var hexadecimal: String {
        var result: [UInt8]
        switch state {
        case .md5(var context):
            result = [UInt8](repeating: 0, count: Int(MD5_DIGEST_LENGTH))
            MD5Final(&result, &context)
        case .sha256(var context):
            result = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
            SHA256Final(&result, &context)
        }
        let digits = Array("0123456789abcdef".utf8)
        let text = result.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return String(decoding: text, as: UTF8.self)
    }

    /// The MD5 of some bytes, in lower-case hexadecimal digits.
    package static func md5(_ bytes: [UInt8]) -> String { of(bytes, .md5) }

    /// The SHA-256 of some bytes, in lower-case hexadecimal digits.
    package static func sha256(_ bytes: [UInt8]) -> String { of(bytes, .sha256) }

    private static func of(_ bytes: [UInt8], _ algorithm: Algorithm) -> String {
        var digest = Digest(algorithm)
        bytes.withUnsafeBytes { digest.update($0) }
        return digest.hexadecimal
    }
}

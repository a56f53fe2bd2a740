// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Synchronization

/// A web server on this machine that answers each path as a test wants it.
final class LocalServer: Sendable {
    /// An answer to a request for a path.
    enum Answer: Sendable {
        /// The content, from the byte on that was asked for.
        case content([UInt8])
        /// The content from its first byte, whatever was asked for.
        case wholeContent([UInt8])
        /// At most so many bytes of the content, and then the connection breaks.
        case broken([UInt8], after: Int)
        /// An answer without content.
        case status(Int)
    }

    /// A request that was received.
    struct Request: Sendable, Equatable {
        var path: String
        /// The header field `Range`, if there was one.
        var range: String?
    }

    private let listener: Int32
    private let port: UInt16
    private let answers: [String: Answer]
    private let received = Mutex<[Request]>([])

    /// The requests so far.
    var requests: [Request] { received.withLock { $0 } }

    /// The address of a folder of the server.
    func address(_ folder: String) -> String { "http://127.0.0.1:\(port)/\(folder)/" }

    init(_ answers: [String: Answer]) throws {
        self.answers = answers
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 16) == 0
                    && getsockname(listener, $0, &length) == 0
            }
        }
        guard isBound else { throw POSIXError(.EADDRNOTAVAIL) }
        port = UInt16(bigEndian: address.sin_port)
        Thread.detachNewThread { [self] in
            while true {
                let client = accept(listener, nil, nil)
                if client < 0 { break }
                answer(client)
                close(client)
            }
            close(listener)
        }
    }

    /// Stops listening; the address then is that of a server that is down.
    func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

    private func answer(_ client: Int32) {
        var head: [UInt8] = []
        var byte: UInt8 = 0
        while !head.suffix(4).elementsEqual(Array("\r\n\r\n".utf8)) {
            guard recv(client, &byte, 1, 0) == 1 else { return }
            head.append(byte)
        }
        let lines = String(decoding: head, as: UTF8.self).components(separatedBy: "\r\n")
        let path = lines[0].split(separator: " ").dropFirst().first.map(String.init) ?? ""
        let range = lines.first { $0.lowercased().hasPrefix("range:") }
            .map { $0.dropFirst(6).trimmingCharacters(in: .whitespaces) }
        received.withLock { $0.append(Request(path: path, range: range)) }
        let start = range.flatMap { Int($0.dropFirst("bytes=".count).dropLast()) } ?? 0
        switch answers[path] ?? .status(404) {
        case .content(let content): send(client, content, from: start, isRange: range != nil)
        case .wholeContent(let content): send(client, content, from: 0, isRange: false)
        case .broken(let content, let count):
            send(client, content, from: start, isRange: range != nil, atMost: count)
        case .status(let status):
            write(client, Array("HTTP/1.1 \(status) X\r\nContent-Length: 0\r\n\r\n".utf8))
        }
    }

    private func send(
        _ client: Int32, _ content: [UInt8], from start: Int, isRange: Bool, atMost: Int = .max
    ) {
        guard start < content.count || start == 0 else {
            return write(
                client, Array("HTTP/1.1 416 X\r\nContent-Length: 0\r\n\r\n".utf8))
        }
        let status =
            isRange
            ? "206 X\r\nContent-Range: bytes \(start)-\(content.count - 1)/\(content.count)"
            : "200 X"
        let head =
            "HTTP/1.1 \(status)\r\nContent-Length: \(content.count - start)\r\n"
            + "Connection: close\r\n\r\n"
        write(client, Array(head.utf8) + content[start...].prefix(atMost))
    }

    private func write(_ client: Int32, _ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count <= 0 { return }
            rest = rest.dropFirst(count)
        }
    }
}

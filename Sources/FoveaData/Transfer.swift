// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// One HTTP request for a file or for the part of it that is missing.
final class Transfer: NSObject, URLSessionDataDelegate, Sendable {
    enum Ending: Sendable {
        /// The server sent all it wanted to, at the end of earlier bytes if `resumed`.
        case complete(resumed: Bool)
        /// The connection broke.
        case interrupted(String)
        /// The server may answer better later.
        case busy(String)
        /// The server will not answer better later.
        case refused(String)
    }

    private let file: RemoteFile
    private let mirror: String
    private let part: PartialFile
    private let limit: Int
    private let idleSeconds: Double
    private let offset: Int
    private let progress: @Sendable (DownloadProgress) -> Void
    private let ended = DispatchSemaphore(value: 0)
    /// What the answer already decides; the first decision stays.
    private let verdict = Mutex<Ending?>(nil)
    private let resumed = Mutex(false)

    init(
        of file: RemoteFile, from mirror: String, to part: PartialFile, limit: Int,
        idleSeconds: Double, progress: @escaping @Sendable (DownloadProgress) -> Void
    ) {
        self.file = file
        self.mirror = mirror
        self.part = part
        self.limit = limit
        self.idleSeconds = idleSeconds
        self.progress = progress
        offset = part.size
    }

    /// Makes the request and waits for its end.
    func run() -> Ending {
        guard let url = URL(string: mirror + file.name), let scheme = url.scheme,
            ["http", "https"].contains(scheme)
        else { return .refused("this is no web address") }
        var request = URLRequest(url: url)
        // Otherwise a server may pack the packed file again, and offsets mean something else.
        request.setValue("identity", forHTTPHeaderField: "Accept-Encoding")
        if offset > 0 { request.setValue("bytes=\(offset)-", forHTTPHeaderField: "Range") }
        let settings = URLSessionConfiguration.ephemeral
        settings.timeoutIntervalForRequest = idleSeconds
        settings.requestCachePolicy = .reloadIgnoringLocalCacheData
        let session = URLSession(configuration: settings, delegate: self, delegateQueue: nil)
        session.dataTask(with: request).resume()
        ended.wait()
        session.invalidateAndCancel()
        return verdict.withLock { $0 } ?? .interrupted("the request ended without an answer")
    }

    func urlSession(
        _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
        completionHandler: @escaping (URLSession.ResponseDisposition) -> Void
    ) {
        let answer = response as? HTTPURLResponse
        switch answer?.statusCode ?? 0 {
        case 200:
            part.clear()
        case 206 where offset > 0:
            let range = answer?.value(forHTTPHeaderField: "Content-Range") ?? ""
            if range.hasPrefix("bytes \(offset)-") {
                resumed.withLock { $0 = true }
            } else {
                decide(.refused("sent the range \"\(range)\", expected one from byte \(offset) on"))
            }
        case 416:
            decide(.refused("has no byte \(offset) of \(file.byteCount)"))
        case let status where status >= 500 || status == 408 || status == 429:
            decide(.busy("answered with the status \(status)"))
        case let status:
            decide(.refused("answered with the status \(status)"))
        }
        completionHandler(isDecided ? .cancel : .allow)
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        guard !isDecided else { return }
        data.withUnsafeBytes { part.append($0) }
        let size = part.size
        if part.problem != nil {
            decide(.refused("could not be stored"))
        } else if size > limit {
            part.clear()
            decide(.refused("sent more than \(file.byteCount) bytes"))
        } else {
            progress(
                DownloadProgress(
                    file: file.name, host: URL(string: mirror)?.host ?? mirror,
                    bytesReceived: size, byteCount: file.byteCount))
        }
        if isDecided { dataTask.cancel() }
    }

    func urlSession(
        _ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?
    ) {
        if let error {
            decide(.interrupted(Self.reason(for: error)))
        } else {
            decide(.complete(resumed: resumed.withLock { $0 }))
        }
        ended.signal()
    }

    private var isDecided: Bool { verdict.withLock { $0 != nil } }

    private func decide(_ ending: Ending) { verdict.withLock { $0 = $0 ?? ending } }

    /// The library's own sentences name only an error number.
    private static func reason(for error: any Error) -> String {
        switch (error as? URLError)?.code {
        case .cannotFindHost, .dnsLookupFailed: "the host is not known"
        case .cannotConnectToHost: "nobody answers there"
        case .notConnectedToInternet: "there is no network"
        // The library knows no better for an answer that ends before its announced length.
        case .networkConnectionLost, .unknown: "the connection broke"
        case .timedOut: "no answer came in time"
        case .secureConnectionFailed, .serverCertificateUntrusted,
            .serverCertificateHasBadDate, .serverCertificateNotYetValid,
            .serverCertificateHasUnknownRoot:
            "the server's certificate is not trusted"
        default: "the connection failed (\((error as NSError).code))"
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
import CZip

/// A zip archive that lies in memory, whose entries libzip finds, reads and checks.
///
/// Entries that are compressed are refused, for two reasons: `torch.save` writes none, and so
/// nothing read can be larger than the file.
struct ZipArchive: ~Copyable {
    /// One file of the archive.
    struct Entry {
        let index: UInt64
        let name: String
        let size: Int
    }

    private let handle: OpaquePointer
    private let byteCount: Int

    /// Opens an archive.
    ///
    /// - Parameter bytes: The archive, which has to stay where it is as long as this value is used.
    /// - Throws: A flaw if it has no directory that can be read.
    init(_ bytes: UnsafeBufferPointer<UInt8>) throws(PyTorchFlaw) {
        var error = zip_error_t()
        zip_error_init(&error)
        defer { zip_error_fini(&error) }
        guard
            let source = zip_source_buffer_create(
                bytes.baseAddress, UInt64(bytes.count), 0, &error)
        else { throw .damaged("there is no memory to open it") }
        guard let handle = zip_open_from_source(source, ZIP_RDONLY, &error) else {
            zip_source_free(source)
            throw .damaged("its zip directory is cut off or damaged")
        }
        self.handle = handle
        byteCount = bytes.count
    }

    deinit { zip_discard(handle) }

    /// The folder of the first entry, in which `torch.save` puts all others too.
    var firstFolder: String {
        guard let name = zip_get_name(handle, 0, zip_flags_t(ZIP_FL_ENC_RAW)) else { return "" }
        return String(String(cString: name).prefix { $0 != "/" })
    }

    /// The entry of a name, if there is one.
    func entry(named name: String) throws(PyTorchFlaw) -> Entry? {
        let index = zip_name_locate(handle, name, 0)
        guard index >= 0 else { return nil }
        let shown = legibleName(name)
        var status = zip_stat_t()
        let needed = UInt64(
            ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD)
        guard zip_stat_index(handle, UInt64(index), 0, &status) == 0,
            status.valid & needed == needed
        else { throw .damaged("its entry \(shown) is not described") }
        guard Int32(status.comp_method) == ZIP_CM_STORE,
            Int32(status.encryption_method) == ZIP_EM_NONE
        else {
            throw .unusual(
                "its entry \(shown) is compressed or encrypted, as torch.save writes none")
        }
        guard status.size == status.comp_size, status.size <= UInt64(byteCount) else {
            throw .damaged(
                "its entry \(shown) claims \(status.size) bytes, but the file has \(byteCount)")
        }
        return Entry(index: UInt64(index), name: name, size: Int(status.size))
    }

    /// The bytes of an entry, which have the checksum that the archive states.
    func read(_ entry: Entry) throws(PyTorchFlaw) -> [UInt8] {
        let shown = legibleName(entry.name)
        guard let file = zip_fopen_index(handle, entry.index, 0) else {
            throw .damaged("its entry \(shown) is not where the zip directory says")
        }
        defer { zip_fclose(file) }
        var lastStep: Int64 = 1
        let bytes = [UInt8](unsafeUninitializedCapacity: entry.size) { buffer, count in
            while count < entry.size, lastStep > 0, let base = buffer.baseAddress {
                lastStep = zip_fread(file, base + count, UInt64(entry.size - count))
                count += max(0, Int(lastStep))
            }
        }
        // The checksum is compared by the reading that meets the end.
        var beyond: UInt8 = 0
        guard lastStep > 0, zip_fread(file, &beyond, 1) == 0 else {
            throw .damaged("its entry \(shown) is cut short, or its checksum differs")
        }
        return bytes
    }
}

// SPDX-License-Identifier: Apache-2.0

/// The instructions of pickle's protocol 2 that `torch.save` writes for weights and checkpoints.
///
/// Those that make objects of classes by name (`NEWOBJ`, `INST`, `OBJ`, `STACK_GLOBAL`, `EXT1` and
/// the like) are not among them.
enum PickleOperation: UInt8 {
    case mark = 0x28  // (
    case stop = 0x2E  // .
    case none = 0x4E  // N
    case newTrue = 0x88
    case newFalse = 0x89
    case integer = 0x4A  // J
    case integer1 = 0x4B  // K
    case integer2 = 0x4D  // M
    case long1 = 0x8A
    case float = 0x47  // G
    case unicode = 0x58  // X
    case string = 0x54  // T
    case shortString = 0x55  // U
    case emptyTuple = 0x29  // )
    case tuple = 0x74  // t
    case tuple1 = 0x85
    case tuple2 = 0x86
    case tuple3 = 0x87
    case emptyList = 0x5D  // ]
    case append = 0x61  // a
    case appends = 0x65  // e
    case emptyDictionary = 0x7D  // }
    case setItem = 0x73  // s
    case setItems = 0x75  // u
    case put = 0x71  // q
    case longPut = 0x72  // r
    case get = 0x68  // h
    case longGet = 0x6A  // j
    case global = 0x63  // c
    case reduce = 0x52  // R
    case build = 0x62  // b
    case persistentIdentifier = 0x51  // Q
}

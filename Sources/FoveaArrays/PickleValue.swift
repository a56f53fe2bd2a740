// SPDX-License-Identifier: Apache-2.0
import FoveaGraph

/// A value that a pickle of weights may hold: a closed list, in which nothing can act.
///
/// Values that hold others are places in a `PickleHeap`. So a value is small, sharing it costs
/// nothing, a list that holds itself is harmless, and freeing is not recursive, however deep
/// values are nested.
enum PickleValue {
    case nothing
    case boolean(Bool)
    case integer(Int)
    /// A float, or an integer of more than 64 bits: checkpoints have them, no tensor needs them.
    case number
    case text(String)
    case tuple(Int)
    case list(Int)
    case dictionary(Int)
    case global(PickleGlobal)
    case storage(Int)
    case tensor(Int)

    /// What it is, as messages call it.
    var kind: String {
        switch self {
        case .nothing: "nothing"
        case .boolean, .integer, .number: "a number"
        case .text: "a text"
        case .tuple: "a tuple"
        case .list: "a list"
        case .dictionary: "a dictionary"
        case .global: "a function"
        case .storage: "a storage"
        case .tensor: "a tensor"
        }
    }
}

/// The names that a pickle of weights may mention.
///
/// Each is a case of Fovea's own; none is ever looked up, and no code stands behind it.
enum PickleGlobal: String {
    case orderedDict = "collections.OrderedDict"
    case rebuildTensor = "torch._utils._rebuild_tensor"
    case rebuildTensorV2 = "torch._utils._rebuild_tensor_v2"
    case rebuildParameter = "torch._utils._rebuild_parameter"
    case floatStorage = "torch.FloatStorage"
    case doubleStorage = "torch.DoubleStorage"
    case halfStorage = "torch.HalfStorage"
    case bfloat16Storage = "torch.BFloat16Storage"
    case longStorage = "torch.LongStorage"
    case intStorage = "torch.IntStorage"
    case byteStorage = "torch.ByteStorage"

    /// The type of the elements, if it is the name of a storage.
    var elementType: DType? {
        switch self {
        case .floatStorage: .f32
        case .doubleStorage: .f64
        case .halfStorage: .f16
        case .bfloat16Storage: .bf16
        case .longStorage: .i64
        case .intStorage: .i32
        case .byteStorage: .u8
        case .orderedDict, .rebuildTensor, .rebuildTensorV2, .rebuildParameter: nil
        }
    }
}

/// What the values of one pickle point to.
struct PickleHeap {
    /// The elements of tuples and lists.
    var sequences: [[PickleValue]] = []
    /// The entries of dictionaries, in the order in which they were set.
    var dictionaries: [[(key: PickleValue, value: PickleValue)]] = []
    /// The storages that tensors are views of.
    var storages: [PickledStorage] = []
    /// The tensors.
    var tensors: [PickledTensor] = []
}

/// What a pickle says about a block of numbers that lies elsewhere in the file.
struct PickledStorage: Hashable {
    /// Its name within the file.
    let key: String
    /// The type of its elements.
    let dtype: DType
    /// The number of its elements.
    let count: Int
    /// The elements that tensors see of it.
    let view: Range<Int>
}

/// What a pickle says about a tensor, of which nothing is believed before it is checked.
struct PickledTensor: Hashable {
    /// Where its elements are.
    let storage: PickledStorage
    /// Which of them is the first.
    let offset: Int
    /// The extents.
    let shape: [Int]
    /// How far apart neighbours are along each axis, in elements.
    let strides: [Int]
}

/// What is wrong with a PyTorch file, and what may help.
struct PyTorchFlaw: Error {
    /// The end of a sentence that begins "is not a PyTorch file that can be read:".
    let what: String
    /// What to do about it.
    let remedy: String

    /// A file that nobody wrote like this.
    static func damaged(_ what: String) -> PyTorchFlaw {
        PyTorchFlaw(what: what, remedy: "Fetch or write the file again.")
    }

    /// A file that holds something else than weights.
    static func foreign(_ what: String) -> PyTorchFlaw {
        PyTorchFlaw(
            what: what,
            remedy: "Only a state dict can be read; to save one in PyTorch: "
                + "torch.save(model.state_dict(), \"weights.pth\")")
    }

    /// Weights in a form that PyTorch reads and Fovea does not.
    static func unusual(_ what: String) -> PyTorchFlaw {
        PyTorchFlaw(
            what: what,
            remedy: "Save it again in PyTorch: "
                + "torch.save(torch.load(\"old.pth\"), \"weights.pth\")")
    }
}

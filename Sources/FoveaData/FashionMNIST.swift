// SPDX-License-Identifier: Apache-2.0

extension DatasetSource {
    /// Fashion-MNIST: 70 000 grey pictures of clothes, 28×28 (Xiao, Rasul and Vollgraf, 2017).
    public static let fashionMNIST = DatasetSource(
        name: "fashion-mnist", title: "Fashion-MNIST",
        classes: [
            "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker",
            "Bag", "Ankle boot",
        ],
        counts: (60_000, 10_000), files: fashionFiles,
        mirrors: [
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
            "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        ],
        subfolders: ["FashionMNIST/raw", "fashion-mnist"],
        systemFolders: ["/usr/share/datasets/fashion-mnist"],
        impostors: [
            Impostor(
                title: "MNIST", name: "mnist", files: digitFiles.all, classCounts: digitCounts)
        ],
        advice: " or install Debian's package dataset-fashion-mnist")

    /// MNIST: 70 000 grey pictures of hand-written digits, 28×28 (LeCun, Cortes and Burges, 1998).
    public static let mnist = DatasetSource(
        name: "mnist", title: "MNIST", classes: (0...9).map(String.init),
        counts: (60_000, 10_000), files: digitFiles,
        mirrors: [
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
            "http://yann.lecun.com/exdb/mnist/",
        ],
        subfolders: ["MNIST/raw", "mnist"],
        impostors: [
            // All classes are alike in size, as they may be in other sets, so that tells nothing.
            Impostor(
                title: "Fashion-MNIST", name: "fashion-mnist", files: fashionFiles.all,
                classCounts: nil)
        ])

    private static let fashionFiles = Files(
        trainingImages: RemoteFile(
            "train-images-idx3-ubyte.gz", byteCount: 26_421_880,
            md5: "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
        trainingLabels: RemoteFile(
            "train-labels-idx1-ubyte.gz", byteCount: 29_515,
            md5: "25c81989df183df01b3e8a0aad5dffbe"),
        testImages: RemoteFile(
            "t10k-images-idx3-ubyte.gz", byteCount: 4_422_102,
            md5: "bef4ecab320f06d8554ea6380940ec79"),
        testLabels: RemoteFile(
            "t10k-labels-idx1-ubyte.gz", byteCount: 5_148,
            md5: "bb300cfdad3c16e7a12a480ee83cd310"))

    private static let digitFiles = Files(
        trainingImages: RemoteFile(
            "train-images-idx3-ubyte.gz", byteCount: 9_912_422,
            md5: "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
        trainingLabels: RemoteFile(
            "train-labels-idx1-ubyte.gz", byteCount: 28_881,
            md5: "d53e105ee54ea40749a09fcbcd1e9432"),
        testImages: RemoteFile(
            "t10k-images-idx3-ubyte.gz", byteCount: 1_648_877,
            md5: "9fb629c4189551a2d022fa330f9573f3"),
        testLabels: RemoteFile(
            "t10k-labels-idx1-ubyte.gz", byteCount: 4_542,
            md5: "ec29112dd5afa0611ce80d1b7f02629c"))

    /// How often each digit occurs in MNIST's training set.
    private static let digitCounts = [
        5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949,
    ]
}

// SPDX-License-Identifier: Apache-2.0
import FoveaGraph
import FoveaLayers

/// The published facts: counts for the form and input that are named with them, accuracies as
/// printed by torchvision (top-1 / top-5 on ImageNet) or the book (test, ten epochs).
extension Catalog {
    static let leNets: [Entry] = [
        Entry(
            name: "lenet", summary: "LeNet with sigmoids, as the book has it",
            input: [1, 28, 28], classes: 10, parameters: 61_706,
            multiplyAdds: 416_520,
            paper: "LeCun et al. 1998",
            accuracy: ".805 on Fashion-MNIST (d2l, 10 epochs)",
            make: { LeNet(classes: $0.classes ?? 10) }),
        Entry(
            name: "lenet-bn", summary: "LeNet with batch normalization, as the book has it",
            input: [1, 28, 28], classes: 10, parameters: 44_878,
            multiplyAdds: 281_640,
            paper: "LeCun et al. 1998; Ioffe and Szegedy 2015, arXiv:1502.03167",
            accuracy: ".857 on Fashion-MNIST (d2l, 10 epochs)",
            make: { LeNet(batchNormMomentum: 0.1, classes: $0.classes ?? 10) }),
    ]

    static let alexNets: [Entry] = [
        Entry(
            name: "alexnet", summary: "AlexNet in one column, as torchvision has it",
            input: [3, 224, 224], classes: 1000, parameters: 61_100_840,
            multiplyAdds: 714_188_480,
            paper: "Krizhevsky 2014, arXiv:1404.5997",
            accuracy: ".565 / .791 on ImageNet (torchvision)",
            make: {
                AlexNet.torchvision(
                    classes: $0.classes ?? 1000, dropout: $0.dropout ?? 0.5)
            }),
        Entry(
            name: "alexnet-2012",
            summary: "AlexNet in two groups with response normalization, as published",
            input: [3, 227, 227], classes: 1000, parameters: 60_965_224,
            multiplyAdds: 724_406_816,
            paper: "Krizhevsky et al. 2012",
            accuracy: ".571 / .802 on ImageNet (BVLC)",
            make: {
                AlexNet.original(
                    classes: $0.classes ?? 1000, dropout: $0.dropout ?? 0.5)
            }),
        Entry(
            name: "alexnet-d2l", summary: "AlexNet in one column, as the book has it",
            input: [1, 224, 224], classes: 10, parameters: 46_764_746,
            multiplyAdds: 938_146_176,
            paper: "Krizhevsky et al. 2012",
            accuracy: ".880 on Fashion-MNIST (d2l, 10 epochs)",
            make: { AlexNet.d2l(classes: $0.classes ?? 10, dropout: $0.dropout ?? 0.5) }),
    ]

    static let vggs: [Entry] = [
        vgg(11, .vgg11, parameters: 132_863_336, multiplyAdds: 7_609_090_048, ".690 / .886"),
        vgg(
            11, .vgg11, batchNorm: true, parameters: 132_868_840, multiplyAdds: 7_609_090_048,
            ".704 / .898"),
        vgg(13, .vgg13, parameters: 133_047_848, multiplyAdds: 11_308_466_176, ".699 / .892"),
        vgg(
            13, .vgg13, batchNorm: true, parameters: 133_053_736, multiplyAdds: 11_308_466_176,
            ".716 / .904"),
        vgg(16, .vgg16, parameters: 138_357_544, multiplyAdds: 15_470_264_320, ".716 / .904"),
        vgg(
            16, .vgg16, batchNorm: true, parameters: 138_365_992, multiplyAdds: 15_470_264_320,
            ".734 / .915"),
        vgg(19, .vgg19, parameters: 143_667_240, multiplyAdds: 19_632_062_464, ".724 / .909"),
        vgg(
            19, .vgg19, batchNorm: true, parameters: 143_678_248, multiplyAdds: 19_632_062_464,
            ".742 / .918"),
        Entry(
            name: "vgg11-d2l", summary: "VGG-11 with a quarter of the channels, as the book has it",
            input: [1, 224, 224], classes: 10, parameters: 43_093_322,
            multiplyAdds: 512_155_648,
            paper: "Simonyan and Zisserman 2014, arXiv:1409.1556",
            accuracy: ".918 on Fashion-MNIST (d2l, 10 epochs)",
            make: { VGG.d2l(classes: $0.classes ?? 10, dropout: $0.dropout ?? 0.5) }),
    ]

    static let nins: [Entry] = [
        Entry(
            name: "nin", summary: "Network in Network, as the book has it",
            input: [1, 224, 224], classes: 10, parameters: 1_992_166,
            multiplyAdds: 762_297_352,
            paper: "Lin et al. 2013, arXiv:1312.4400",
            accuracy: ".837 on Fashion-MNIST (d2l, 10 epochs)",
            make: {
                NiN.d2l(
                    classes: $0.classes ?? 10,
                    dropout: Dropout($0.dropout ?? 0.5, of: $0.dropoutUnit))
            }),
        Entry(
            name: "nin-cifar", summary: "Network in Network, the authors' form for 32×32",
            input: [3, 32, 32], classes: 10, parameters: 966_986,
            multiplyAdds: 222_486_528,
            paper: "Lin et al. 2013, arXiv:1312.4400",
            accuracy: ".896 on CIFAR-10 (authors, 120k steps)",
            make: { NiN.cifar(classes: $0.classes ?? 10, dropout: $0.dropout ?? 0.5) }),
        Entry(
            name: "nin-imagenet", summary: "Network in Network, the authors' form for ImageNet",
            input: [3, 224, 224], classes: 1000, parameters: 7_595_176,
            multiplyAdds: 1_100_188_800,
            paper: "Lin et al. 2013, arXiv:1312.4400",
            accuracy: ".594 on ImageNet (authors)",
            make: {
                NiN.imageNet(
                    classes: $0.classes ?? 1000, dropout: $0.dropout ?? 0.5)
            }),
    ]

    static let googLeNets: [Entry] = [
        Entry(
            name: "googlenet", summary: "GoogLeNet with batch normalization, as torchvision has it",
            input: [3, 224, 224], classes: 1000, parameters: 6_624_904,
            multiplyAdds: 1_498_376_192,
            paper: "Szegedy et al. 2014, arXiv:1409.4842",
            accuracy: ".698 / .895 on ImageNet (torchvision)",
            make: {
                GoogLeNet(
                    .torchvision, classes: $0.classes ?? 1000, dropout: $0.dropout)
            }),
        Entry(
            name: "googlenet-2014", summary: "GoogLeNet with response normalization, as published",
            input: [3, 224, 224], classes: 1000, parameters: 6_998_552,
            multiplyAdds: 1_582_671_872,
            paper: "Szegedy et al. 2014, arXiv:1409.4842",
            accuracy: ".687 / .889 on ImageNet (BVLC)",
            make: {
                GoogLeNet(
                    .original, classes: $0.classes ?? 1000, dropout: $0.dropout)
            }),
        Entry(
            name: "googlenet-bn", summary: "GoogLeNet as published, but with batch normalization",
            input: [3, 224, 224], classes: 1000, parameters: 7_005_832,
            multiplyAdds: 1_582_671_872,
            paper: "Szegedy et al. 2014, arXiv:1409.4842; Ioffe and Szegedy 2015, arXiv:1502.03167",
            accuracy: "none is published",
            make: {
                GoogLeNet(
                    .batchNorm, classes: $0.classes ?? 1000, dropout: $0.dropout)
            }),
        Entry(
            name: "googlenet-d2l",
            summary: "GoogLeNet without normalization and heads, as the book has it",
            input: [1, 96, 96], classes: 10, parameters: 5_977_530,
            multiplyAdds: 276_066_304,
            paper: "Szegedy et al. 2014, arXiv:1409.4842",
            accuracy: ".889 on Fashion-MNIST (d2l, 10 epochs)",
            make: { GoogLeNet(.d2l, classes: $0.classes ?? 10, dropout: $0.dropout) }),
    ]

    static let resNets: [Entry] = [
        resNet(18, .resNet18, parameters: 11_689_512, multiplyAdds: 1_814_073_344, ".698 / .891"),
        resNet(34, .resNet34, parameters: 21_797_672, multiplyAdds: 3_663_761_408, ".733 / .914"),
        resNet(50, .resNet50, parameters: 25_557_032, multiplyAdds: 4_089_184_256, ".761 / .929"),
        resNet(101, .resNet101, parameters: 44_549_160, multiplyAdds: 7_801_405_440, ".774 / .935"),
        resNet(
            152, .resNet152, parameters: 60_192_808, multiplyAdds: 11_513_626_624, ".783 / .940"),
        Entry(
            name: "resnet18-d2l", summary: "ResNet-18 with biases, as the book has it",
            input: [1, 96, 96], classes: 10, parameters: 11_178_378,
            multiplyAdds: 318_657_536,
            paper: "He et al. 2015, arXiv:1512.03385",
            accuracy: ".910 on Fashion-MNIST (d2l, 10 epochs)",
            make: { ResNet.d2l(classes: $0.classes ?? 10) }),
        Entry(
            name: "resnet18-cifar", summary: "ResNet-18 with a stem for 32×32",
            input: [3, 32, 32], classes: 10, parameters: 11_173_962,
            multiplyAdds: 555_422_720,
            paper: "He et al. 2015, arXiv:1512.03385",
            accuracy: ".930 on CIFAR-10 (kuangliu, 200 epochs)",
            make: { ResNet(.resNet18, classes: $0.classes ?? 10, stem: .cifar) }),
        resNet9(
            "resnet9", width: 64, "ResNet-9, wide and shallow, which learns quickly",
            parameters: 6_573_120, multiplyAdds: 379_261_952,
            accuracy: ".940 on CIFAR-10 (Page, 24 epochs)"),
        resNet9(
            "resnet9-half", width: 32, "ResNet-9, half as wide",
            parameters: 1_646_112, multiplyAdds: 95_259_136, accuracy: "none is published"),
    ]

    static let denseNets: [Entry] = [
        denseNet(
            121, .denseNet121, parameters: 7_978_856, multiplyAdds: 2_834_161_664, ".744 / .920"),
        denseNet(
            161, .denseNet161, parameters: 28_681_000, multiplyAdds: 7_727_907_072, ".771 / .936"),
        denseNet(
            169, .denseNet169, parameters: 14_149_480, multiplyAdds: 3_359_843_328, ".756 / .928"),
        denseNet(
            201, .denseNet201, parameters: 20_013_928, multiplyAdds: 4_291_365_888, ".769 / .934"),
        Entry(
            name: "densenet-d2l",
            summary: "DenseNet of four blocks of four layers, as the book has it",
            input: [1, 96, 96], classes: 10, parameters: 758_226,
            multiplyAdds: 129_077_168,
            paper: "Huang et al. 2016, arXiv:1608.06993",
            accuracy: ".876 on Fashion-MNIST (d2l, 10 epochs)",
            make: { DenseNet.d2l(classes: $0.classes ?? 10) }),
    ]

    // MARK: - Networks that differ in their depth

    private static func vgg(
        _ depth: Int, _ configuration: VGG.Configuration, batchNorm: Bool = false,
        parameters: Int, multiplyAdds: Int, _ accuracy: String
    ) -> Entry {
        Entry(
            name: "vgg\(depth)" + (batchNorm ? "-bn" : ""),
            summary: "VGG-\(depth)" + (batchNorm ? " with batch normalization" : "")
                + ", as torchvision has it",
            input: [3, 224, 224], classes: 1000, parameters: parameters,
            multiplyAdds: multiplyAdds, paper: "Simonyan and Zisserman 2014, arXiv:1409.1556",
            accuracy: "\(accuracy) on ImageNet (torchvision)",
            make: {
                VGG(
                    configuration, batchNorm: batchNorm, classes: $0.classes ?? 1000,
                    dropout: $0.dropout ?? 0.5)
            })
    }

    private static func resNet(
        _ depth: Int, _ configuration: ResNet.Configuration, parameters: Int, multiplyAdds: Int,
        _ accuracy: String
    ) -> Entry {
        Entry(
            name: "resnet\(depth)", summary: "ResNet-\(depth), as torchvision has it",
            input: [3, 224, 224], classes: 1000, parameters: parameters,
            multiplyAdds: multiplyAdds, paper: "He et al. 2015, arXiv:1512.03385",
            accuracy: "\(accuracy) on ImageNet (torchvision)",
            make: { ResNet(configuration, classes: $0.classes ?? 1000) })
    }

    private static func resNet9(
        _ name: String, width: Int, _ summary: String, parameters: Int, multiplyAdds: Int,
        accuracy: String
    ) -> Entry {
        Entry(
            name: name, summary: summary,
            input: [3, 32, 32], classes: 10, parameters: parameters, multiplyAdds: multiplyAdds,
            paper: "Page 2018, How to Train Your ResNet", accuracy: accuracy,
            make: { ResNet9(width: width, classes: $0.classes ?? 10) })
    }

    private static func denseNet(
        _ depth: Int, _ configuration: DenseNet.Configuration, parameters: Int,
        multiplyAdds: Int, _ accuracy: String
    ) -> Entry {
        Entry(
            name: "densenet\(depth)", summary: "DenseNet-\(depth), as torchvision has it",
            input: [3, 224, 224], classes: 1000, parameters: parameters,
            multiplyAdds: multiplyAdds, paper: "Huang et al. 2016, arXiv:1608.06993",
            accuracy: "\(accuracy) on ImageNet (torchvision)",
            make: { DenseNet(configuration, classes: $0.classes ?? 1000) })
    }
}

// swift-tools-version: 6.3
// SPDX-License-Identifier: Apache-2.0
import Foundation
import PackageDescription

// Continuous integration lets no warning pass; a user's newer compiler may have some.
let strictness: [SwiftSetting] =
    Context.environment["FOVEA_STRICT"] == nil ? [] : [.treatAllWarnings(as: .error)]

let settings: [SwiftSetting] =
    strictness + [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
    ]

/// A library from the system, with the Debian package that holds its header.
func system(_ name: String, apt: String) -> Target {
    .systemLibrary(name: name, path: "Sources/\(name)", providers: [.apt([apt])])
}

/// A Swift target of this package, with the settings all of them share.
func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

/// The tests of one module; fixtures and golden texts are found beside the tests' own files.
func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    let folders = ["Fixtures", "Golden"].filter {
        FileManager.default.fileExists(atPath: "\(Context.packageDirectory)/Tests/\(name)/\($0)")
    }
    return .testTarget(
        name: name, dependencies: dependencies + ["Fovea", "FoveaTestSupport"], exclude: folders,
        swiftSettings: settings)
}

let package = Package(
    name: "fovea",
    products: [
        .library(name: "Fovea", targets: ["Fovea"]),
        .executable(name: "fovea", targets: ["FoveaMain"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    ],
    targets: [
        // The stages, in the order in which a network passes through them (Documentation/Map.md).
        module(
            "FoveaGraph",
            [.product(name: "OrderedCollections", package: "swift-collections")]),
        module("FoveaLayers", ["FoveaGraph"]),
        module("FoveaModels", ["FoveaLayers", "FoveaGraph"]),
        module(
            "FoveaCompiler",
            ["FoveaGraph", .product(name: "OrderedCollections", package: "swift-collections")]),
        module("FoveaArrays", ["FoveaGraph", "CMessageDigest", "CZip"]),
        module("FoveaRuntime", ["FoveaGraph", "FoveaCompiler", "FoveaArrays"]),
        .target(
            name: "COneDNN",
            linkerSettings: [.linkedLibrary("dnnl"), .linkedLibrary("gomp")]),
        module(
            "FoveaOneDNN",
            ["FoveaGraph", "FoveaCompiler", "FoveaArrays", "FoveaRuntime", "COneDNN"]),
        module(
            "FoveaData",
            [
                "FoveaGraph", "FoveaArrays", "CDeflate", "CSPNG", "CTurboJPEG", "CMessageDigest",
            ]),
        module(
            "FoveaTraining",
            [
                "FoveaGraph", "FoveaLayers", "FoveaModels", "FoveaCompiler", "FoveaArrays",
                "FoveaRuntime", "FoveaOneDNN", "FoveaData",
            ]),
        module(
            "FoveaReport",
            [
                "FoveaGraph", "FoveaArrays", "FoveaLayers", "FoveaModels", "FoveaCompiler",
                "FoveaTraining", "FoveaData", "CCairo",
            ]),
        module(
            "Fovea",
            [
                "FoveaGraph", "FoveaArrays", "FoveaLayers", "FoveaModels", "FoveaCompiler",
                "FoveaRuntime", "FoveaOneDNN", "FoveaData", "FoveaTraining", "FoveaReport",
            ]),
        module(
            "FoveaCommands",
            ["Fovea", .product(name: "ArgumentParser", package: "swift-argument-parser")]),
        .executableTarget(
            name: "FoveaMain", dependencies: ["FoveaCommands"], swiftSettings: settings),

        system("CDeflate", apt: "libdeflate-dev"),
        system("CSPNG", apt: "libspng-dev"),
        system("CTurboJPEG", apt: "libturbojpeg0-dev"),
        system("CCairo", apt: "libcairo2-dev"),
        system("CMessageDigest", apt: "libmd-dev"),
        system("CZip", apt: "libzip-dev"),

        module("FoveaTestSupport", ["Fovea"]),
        tests("FoveaGraphTests"),
        tests("FoveaLayersTests"),
        tests("FoveaModelsTests"),
        tests("FoveaCompilerTests"),
        tests("FoveaBackendTests"),
        tests("FoveaDataTests", ["CDeflate"]),
        tests("FoveaReportTests", ["CCairo"]),
        tests("FoveaTrainingTests"),
        tests("FoveaCommandsTests", ["FoveaCommands"]),
    ],
    swiftLanguageModes: [.v6]
)

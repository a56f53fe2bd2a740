// swift-tools-version: 6.3
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

let package = Package(
    name: "TrainNiN",
    dependencies: [.package(name: "fovea", path: "../..")],
    targets: [
        .executableTarget(
            name: "TrainNiN", dependencies: [.product(name: "Fovea", package: "fovea")])
    ]
)

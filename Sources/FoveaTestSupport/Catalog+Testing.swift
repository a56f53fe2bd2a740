// SPDX-License-Identifier: Apache-2.0
public import FoveaModels
public import Testing

extension Catalog.Entry: CustomTestStringConvertible {
    /// The network's name, under which the test's case is reported.
    public var testDescription: String { name }
}

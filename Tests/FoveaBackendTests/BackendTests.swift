// SPDX-License-Identifier: Apache-2.0
import Testing

/// The tests of the CPU's backend, one after the other: each of them uses all cores.
@Suite(.serialized) struct BackendTests {}

// SPDX-License-Identifier: Apache-2.0

/// Everything a program needs to define, train and look at convolutional image classifiers.
@_exported public import FoveaArrays
@_exported public import FoveaCompiler
@_exported public import FoveaData
@_exported public import FoveaGraph
@_exported public import FoveaLayers
@_exported public import FoveaModels
@_exported public import FoveaReport
@_exported public import FoveaRuntime
@_exported public import FoveaTraining

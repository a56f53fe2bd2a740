// SPDX-License-Identifier: Apache-2.0
import FoveaCompiler
import FoveaGraph
import FoveaTestSupport
import Testing

@testable import FoveaOneDNN

extension BackendTests {
    /// Kernels that are chosen by trying them.
    @Suite struct KernelTimingsTests {
        private func graph() throws -> Graph {
            try ConformanceCase.convolution([4, 32, 14, 14], 32, Window(kernel: 3, padding: 1))
                .graph
        }

        @Test func whatWasTriedIsChosenAgainWithoutTrying() throws {
            let timings = KernelTimings()
            let first = try PreparedGraph(try graph(), selection: .measured(timings))
            #expect(timings.takeChange())
            let count = timings.count
            #expect(count >= 3, "each direction has a kernel at least")
            // What the file says counts, and nothing is tried again.
            let later = KernelTimings(timings.text)
            #expect(later.count == count)
            let second = try PreparedGraph(try graph(), selection: .measured(later))
            #expect(!later.takeChange())
            #expect(second.kernels == first.kernels)
        }

        @Test func theQuickestIsTaken() throws {
            let timings = KernelTimings()
            _ = try PreparedGraph(try graph(), selection: .measured(timings))
            for line in timings.text.split(separator: "\n") where line.contains("convolution;") {
                // This one is the quickest by far.
                let key = line.split(separator: "\t")[1]
                let changed = KernelTimings(timings.text)
                changed.restore("1e-9\t\(key)\n")
                let prepared = try PreparedGraph(try graph(), selection: .known(changed))
                let name = key.split(separator: ";")[7].dropFirst()
                #expect(prepared.kernels.contains(String(name)))
            }
        }

        /// What was known keeps its time, so that whoever chose by it chooses the same again.
        @Test func aNewcomersTimeIsInProportionToWhatIsKnown() throws {
            let timings = KernelTimings()
            _ = try PreparedGraph(try graph(), selection: .measured(timings))
            let forward = "; convolution; "
            let lines = timings.text.split(separator: "\n").filter { $0.contains(forward) }
            try #require(lines.count >= 2, "\(timings.text)")
            // The others were tried on a machine that was a thousand times slower.
            let slower = lines.dropFirst().map { line in
                let parts = line.split(separator: "\t")
                return "\((Double(parts[0]) ?? 0) * 1000)\t\(parts[1])"
            }
            let later = KernelTimings(slower.joined(separator: "\n"))
            _ = try PreparedGraph(try graph(), selection: .measured(later))
            let after = later.text.split(separator: "\n")
            #expect(slower.allSatisfy { after.contains(Substring($0)) })
            let key = lines[0].split(separator: "\t")[1]
            let newcomer = try #require(after.first { $0.hasSuffix(key) })
            let seconds = try #require(Double(newcomer.prefix { $0 != "\t" }))
            let before = try #require(Double(lines[0].prefix { $0 != "\t" }))
            #expect(seconds > 50 * before && seconds < 20_000 * before)
        }

        /// AlexNet's first layer in small: the matrix product's rows would cost the pooling behind it more
        /// than they save.
        ///
        /// With AVX-512 the library has better than that product. By itself so small a graph, most of which is
        /// images of one channel, would have its channels last.
        @Test(.enabled(if: !Processor.hasAVX512)) func imagesStayInBlocksEvenIfRowsAreQuicker()
            throws
        {
            let window = Window(kernel: 11, stride: 4, padding: 1)
            let graph = try ConformanceCase.convolution([4, 1, 63, 63], 96, window).graph
            func forward(_ selection: ConvolutionSelection) throws -> String? {
                let prepared = try PreparedGraph(
                    graph, arrangement: .blocked8, selection: selection)
                return prepared.plan.steps.first {
                    if case .compute(.convolution) = $0.action { true } else { false }
                }?.kernel.name
            }
            try #require(try forward(.named("gemm"))?.contains("gemm") == true)
            let timings = KernelTimings()
            #expect(try forward(.measured(timings))?.contains("gemm") == false)
            // It was not even tried, and without it there is no rival to try; the data's gradient, which first
            // layers do not need, is another matter.
            let lines = timings.text.split(separator: "\n").filter { !$0.contains("DataGradient") }
            #expect(lines.isEmpty, "\(timings.text)")
        }

        @Test func withoutTimingsEstimatesCount() throws {
            let known = try PreparedGraph(try graph(), selection: .known(KernelTimings()))
            let estimated = try PreparedGraph(try graph())
            #expect(known.kernels == estimated.kernels)
        }

        @Test func linesOfOthersArePassedOver() {
            let timings = KernelTimings("0.5\ta\nx\tb\n-1\tc\nnan\td\n\t\ne\n1\tf\tg\n0.25\th")
            #expect(timings.text == "0.5\ta\n0.25\th\n")
            timings.adopt("9\ta\n9\ti\n")
            #expect(timings.text == "0.5\ta\n0.25\th\n9.0\ti\n")
        }

        /// It may come from another machine, whose timings are not to be taken for this one's.
        @Test func whatARunBringsStaysWithIt() throws {
            let timings = KernelTimings("1\ta\n2\tb\n")
            timings.restore("9\ta\n")
            #expect(timings.seconds("a") == 9)
            #expect(timings.seconds("b") == 2)
            _ = try PreparedGraph(try graph(), selection: .measured(timings))
            #expect(timings.text == "1.0\ta\n2.0\tb\n")
            #expect(!timings.takeChange())
            let ofRun = timings.textOfRun.split(separator: "\n")
            #expect(ofRun.contains("9.0\ta") && ofRun.contains("2.0\tb"))
            #expect(ofRun.count > 2, "what was tried belongs to the run")
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import FoveaReport
import Synchronization
import Testing

@Suite struct ProgressLineTests {
    static let state = ProgressState(
        epoch: 2, epochs: 10, step: 163, steps: 235, loss: 0.412, accuracy: 0.8534,
        imagesPerSecond: 512.3, elapsed: 8.36, stepsDone: 398, stepsLeft: 1952)
    static let colored = TerminalStyle(colorDepth: .basic, isLive: true, width: 80)
    static let live = TerminalStyle(colorDepth: .none, isLive: true, width: 80)

    @Test(arguments: [
        (40, " epoch  2/10 ━━━━━━━━━─────  loss 0.412"),
        (60, " epoch  2/10 ━━━━━━━────  loss 0.412  acc 0.853  left  0:41"),
        (80, " epoch  2/10 ━━━━━━─── 163/235  loss 0.412  acc 0.853     512 img/s  left  0:41"),
        (
            120,
            " epoch  2/10 ━━━━━━━━━━━━━━━━━━━━────────── 163/235"
                + "  loss 0.412  acc 0.853     512 img/s  left  0:41"
        ),
        (20, " epoch  2/10 ━━━━──"), (13, " epoch  2/10"), (6, " epoc"),
    ])
    func lineFitsTheWidth(width: Int, line: String) {
        #expect(ProgressLine.render(Self.state, width: width, style: .plain) == line)
    }

    @Test func barIsColoredAndTheRestIsTheSame() {
        let line = ProgressLine.render(Self.state, width: 40, style: Self.colored)
        #expect(
            line
                == " epoch  2/10 \u{1B}[36m━━━━━━━━━\u{1B}[0m\u{1B}[2m─────\u{1B}[0m  loss 0.412")
    }

    @Test func columnsStayInPlaceAllTheWay() {
        var state = Self.state
        var widths: Set<Int> = []
        for (epoch, step, loss, elapsed) in [
            (1, 1, nil, 0.1), (1, 99, 2.302, 5), (9, 235, 0.01, 500), (10, 235, 123.4, 900),
            (10, 5, Double.nan, 900), (10, 5, 1e9, 900),
        ] {
            state.epoch = epoch
            state.step = step
            state.loss = loss
            state.accuracy = loss == nil ? nil : 0.5
            state.elapsed = elapsed
            widths.insert(ProgressLine.render(state, width: 100, style: .plain).count)
        }
        #expect(widths == [99])
    }

    @Test func timeLeftWaitsForEnoughData() {
        var state = Self.state
        #expect(state.secondsLeft.map { ($0 * 100).rounded() / 100 } == 41)
        state.stepsDone = 9
        #expect(state.secondsLeft == nil)
        state.stepsDone = 10
        state.elapsed = 2.9
        #expect(state.secondsLeft == nil)
        #expect(
            ProgressLine.render(state, width: 80, style: .plain).hasSuffix("512 img/s  left  –:––"))
    }

    @Test func emptyTotalsDoNoHarm() {
        let state = ProgressState(
            phase: .testing, epoch: 0, epochs: 0, step: 5, steps: 0, elapsed: 0, stepsDone: 0,
            stepsLeft: 0)
        #expect(
            ProgressLine.render(state, width: 60, style: .plain)
                == "  test 0/0 ───────── 5/0  loss     –  acc     –  left  –:––")
        #expect(state.fraction == 0)
    }

    /// What a progress line wrote, with a clock that the test moves.
    final class Record: Sendable {
        let time = Mutex(0.0)
        let text = Mutex("")

        func line(_ style: TerminalStyle, columns: Int? = nil) -> ProgressLine {
            ProgressLine(
                style: style, clock: { self.time.withLock { $0 } }, columns: { columns },
                output: { text in self.text.withLock { $0 += text } })
        }

        func wait(_ seconds: Double) { time.withLock { $0 += seconds } }

        func taken() -> String {
            text.withLock { text in
                defer { text = "" }
                return text
            }
        }
    }

    @Test func liveLineIsRedrawnAtMostTenTimesASecond() {
        let record = Record(), line = record.line(Self.live, columns: 20)
        line.update(Self.state)
        #expect(record.taken() == "\r epoch  2/10 ━━━━──\u{1B}[K")
        record.wait(0.05)
        line.update(Self.state)
        #expect(record.taken().isEmpty)
        record.wait(0.06)
        line.update(Self.state)
        #expect(!record.taken().isEmpty)
        line.remark("! slow disk")
        #expect(record.taken() == "\r\u{1B}[K! slow disk\n")
        line.update(Self.state)
        #expect(record.taken().hasPrefix("\r epoch"))
        line.finish()
        line.finish()
        #expect(record.taken() == "\r\u{1B}[K")
    }

    @Test func fileGetsWholeLinesOncePerMinuteAndEpoch() {
        let record = Record(), line = record.line(.plain)
        for _ in 0..<150 {
            record.wait(1)
            line.update(Self.state)
        }
        let sentence =
            "epoch 2/10  163/235  loss 0.412  acc 0.853  512 img/s  left 0:41\n"
        #expect(record.taken() == sentence + sentence)
        line.finishEpoch(
            .init(
                epoch: 2, epochs: 10, loss: 0.412, trainAccuracy: 0.853, testAccuracy: 0.84,
                imagesPerSecond: 31204, elapsed: 62, isBest: true))
        #expect(
            record.taken()
                == "epoch  2/10  loss 0.412  train acc 0.853  test acc 0.840  31,204 img/s"
                + "   1:02  best\n")
        record.wait(59)
        line.update(Self.state)
        line.finish()
        #expect(record.taken().isEmpty)
    }

    @Test func fileHasNoControlCharacters() {
        let record = Record(), line = record.line(.plain)
        record.wait(61)
        line.update(Self.state)
        line.remark("a remark")
        line.finishEpoch(.init(epoch: 1, epochs: 1, loss: .nan, trainAccuracy: 0, elapsed: 1))
        line.finish()
        let text = record.taken()
        #expect(text.split(separator: "\n").count == 3)
        #expect(text.unicodeScalars.allSatisfy { $0.value >= 32 || $0 == "\n" })
    }
}

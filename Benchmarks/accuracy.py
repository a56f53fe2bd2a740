# SPDX-License-Identifier: Apache-2.0
"""How soon Fovea reaches an accuracy, beside the ten epochs of the book's code in PyTorch, in turns.

    python3 Benchmarks/accuracy.py nin --accuracy 0.88 --python .venv/bin/python

A round trains with Fovea's recipe `fast`, and stops when a test has reached the accuracy; the clock runs from the
start of the process, with loading and tests. Then `Benchmarks/book.py`, which gets all other options, does a tenth
of an epoch of the book's code, from which ten epochs are forecast. Prints one JSON object a round.
"""
import argparse
import json
import pathlib
import re
import signal
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent


def seconds_to(accuracy, options, seed):
    """The seconds until a test of a run has an accuracy, and that test's accuracy."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        run = subprocess.Popen(
            [options.fovea, "train", options.network, "--data", "fashion-mnist", "--recipe",
             options.recipe, "--precision", options.precision, "--seed", str(seed),
             "--out", f"{folder}/run", "--plain"],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        line = ""
        for line in run.stderr:
            test = re.search(r"test acc ([0-9.]+)", line)
            if test and float(test[1]) >= accuracy:
                elapsed = time.perf_counter() - start
                run.send_signal(signal.SIGTERM)
                run.stderr.read()
                run.wait()
                return elapsed, float(test[1])
        raise SystemExit(f"{options.network} did not reach {accuracy}, exit {run.wait()}: {line.strip()}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("network")
    parser.add_argument("--accuracy", type=float, default=0.88)
    parser.add_argument("--recipe", default="fast")
    parser.add_argument("--precision", default="f32", help="Fovea's: f32 or bf16")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--fovea", default=str(ROOT / ".build/release/fovea"))
    parser.add_argument("--python", default="python3", help="a Python with torch and torchvision")
    options, book = parser.parse_known_args()
    for seed in range(options.rounds):
        seconds, accuracy = seconds_to(options.accuracy, options, seed)
        forecast = json.loads(subprocess.run(
            [options.python, str(ROOT / "Benchmarks/book.py"), options.network, *book],
            stdout=subprocess.PIPE, text=True, check=True).stdout)
        print(json.dumps(dict(
            seed=seed, seconds=seconds, test_accuracy=accuracy, book=forecast,
            ratio=forecast["forecast_seconds"] / seconds)), flush=True)


if __name__ == "__main__":
    main()

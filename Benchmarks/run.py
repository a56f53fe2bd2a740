# SPDX-License-Identifier: Apache-2.0
"""Fovea beside PyTorch on this machine, in turns: a Markdown table, and a JSON file with everything.

    swift build -c release
    python3 Benchmarks/run.py --python .venv/bin/python --output benchmarks

measures every row, which takes hours, and writes benchmarks.json after each measurement and benchmarks.md
after each row. Stopped, it goes on with --resume; so do more --rounds. --python is a Python with torch and
torchvision, --fovea the command. The machine should have nothing else to do.

Each measurement is a process of its own. In a round, a row's measurements follow each other: Fovea, then
each configuration of PyTorch. A ratio is the median of the rounds' ratios. Without --batches, vgg16 has
batches of 16, densenet121 of 32, lenet of 256, all others of 64, and inference is also measured at 1.
"""
import argparse
import datetime
import json
import os
import pathlib
import subprocess
import sys

import machine
import process
import table

ROOT = pathlib.Path(__file__).resolve().parent.parent
NETWORKS = ("nin", "nin-cifar", "alexnet-d2l", "vgg11-d2l", "vgg16", "googlenet", "resnet18",
            "resnet50", "densenet121", "lenet")
BATCHES = {"vgg16": 16, "densenet121": 32, "lenet": 256}
CONFIGURATIONS = {
    "train": ("eager", "channels-last", "channels-last+bf16"),
    "infer": ("eager", "channels-last", "compile", "channels-last+compile", "channels-last+bf16",
              "channels-last+compile+bf16"),
}
CLASSES = 10


def rows(options):
    """What is measured: pairs of a network and a mode, with a batch."""
    result = []
    for network in options.networks:
        usual = BATCHES.get(network, 64)
        for mode in options.modes:
            for batch in options.batches or ([usual] if mode == "train" else [usual, 1]):
                result.append(dict(network=network, mode=mode, batch=batch))
    return result


def sides(options, row):
    """Who is measured in a row, in turns: Fovea in each precision, PyTorch in each configuration."""
    configurations = options.configurations or CONFIGURATIONS[row["mode"]]
    result = [("fovea", precision) for precision in options.precisions]
    result += [("pytorch", configuration) for configuration in configurations]
    if not options.facts["has_bf16"]:
        result = [side for side in result if "bf16" not in side[1]]
    return result


def command(options, row, side, kind):
    common = ["--mode", row["mode"], "--batch", str(row["batch"]), "--classes", str(CLASSES),
              "--threads", str(options.threads), "--seconds", str(options.seconds)]
    if side == "fovea":
        return [options.fovea, "bench", row["network"], "--precision", kind, "--json"] + common
    script = str(ROOT / "Benchmarks" / "pytorch.py")
    return [options.python, script, row["network"], "--configuration", kind] + common


def measure(options, row, side, kind):
    """One measurement: what the process printed, or why it failed."""
    environment = dict(os.environ, OMP_NUM_THREADS=str(options.threads))
    outcome = subprocess.run(
        command(options, row, side, kind), capture_output=True, text=True, env=environment)
    if outcome.returncode != 0:
        said = outcome.stderr.strip().splitlines()
        return dict(failure=said[-1] if said else f"ended with {outcome.returncode}")
    printed = json.loads(outcome.stdout)
    return printed["results"][0] if side == "fovea" else printed


class Record:
    """The JSON file: the machine, and the measurements of each row."""

    def __init__(self, options):
        self.path = options.output + ".json"
        self.tables = options.output + ".md"
        self.content = dict(
            schema=1, machine=options.facts, seconds=options.seconds, rows=[], processes=[])
        if not os.path.exists(self.path):
            return
        if not options.resume:
            sys.exit(f"{self.path} is there already. Add --resume, or choose another --output.")
        with open(self.path) as file:
            self.content = json.load(file)
        for name, now in (("machine", options.facts), ("seconds", options.seconds)):
            before = self.content[name]
            if name == "machine":
                before, now = machine.constant(before), machine.constant(now)
            if before != now:
                sys.exit(f"{self.path} was begun with another {name}: {before}, now {now}.")

    def entry(self, row):
        """What is known about a row so far."""
        for entry in self.content["rows"]:
            if all(entry[key] == value for key, value in row.items()):
                return entry
        entry = dict(row, measurements=[])
        self.content["rows"].append(entry)
        return entry

    def save(self):
        with open(self.path + ".new", "w") as file:
            json.dump(self.content, file, indent=1)
        os.replace(self.path + ".new", self.path)

    def write_table(self):
        with open(self.tables, "w") as file:
            file.write(table.markdown(self.content))


def measure_row(options, record, row):
    entry = record.entry(row)
    for number in range(1, options.rounds + 1):
        for side, kind in sides(options, row):
            known = [m for m in entry["measurements"] if (m["side"], m["kind"]) == (side, kind)]
            if any(m["round"] == number or "failure" in m for m in known):
                continue
            found = measure(options, row, side, kind)
            if "torch" in found:
                record.content["pytorch"] = {
                    key: found[key]
                    for key in ("torch", "onednn", "instruction_set", "imported_memory_bytes")}
            entry["measurements"].append(dict(round=number, side=side, kind=kind, **found))
            record.save()
            rate = found.get("images_per_second")
            print(f"{row['network']} {row['mode']} {row['batch']}, round {number}: {side} {kind} "
                  + (f"{rate:.1f} images/s" if rate else found["failure"]), file=sys.stderr)


def measure_processes(options, record):
    for name, seconds in process.times(options.fovea, options.threads, options.rounds):
        known = [entry for entry in record.content["processes"] if entry["command"] != name]
        record.content["processes"] = known + [dict(command=name, seconds=seconds)]
        record.save()


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)

    def names(text):
        return text.split(",")

    def numbers(text):
        return [int(word) for word in text.split(",")]

    cores = len(os.sched_getaffinity(0))
    parser.add_argument("--networks", type=names, default=NETWORKS, help="such as nin,resnet18")
    parser.add_argument("--modes", type=names, default=["train", "infer"], help="train,infer")
    parser.add_argument("--batches", type=numbers, help="such as 1,64, for every network and mode")
    parser.add_argument("--configurations", type=names, help="PyTorch's; see pytorch.py")
    parser.add_argument("--precisions", type=names, default=["f32"], help="Fovea's: f32,bf16")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10, help="how long steps are timed")
    parser.add_argument("--threads", type=int, default=cores)
    parser.add_argument("--output", default="benchmarks", help="the files' name, without its end")
    parser.add_argument("--resume", action="store_true", help="go on with the file there is")
    parser.add_argument("--no-processes", action="store_true", help="leave out whole processes")
    parser.add_argument("--fovea", default=str(ROOT / ".build" / "release" / "fovea"))
    parser.add_argument("--python", default=sys.executable, help="a Python with torch")
    options = parser.parse_args()
    unknown = set(options.modes) - {"train", "infer"}
    if unknown or options.rounds < 1:
        parser.error("--modes are train and infer, and --rounds at least 1")
    if not os.path.exists(options.fovea):
        parser.error(f"{options.fovea} is not there; build it with `swift build -c release`")
    options.facts = machine.facts(options.fovea, options.threads)
    return options


def main():
    options = arguments()
    record = Record(options)
    record.content["date"] = datetime.date.today().isoformat()
    if not options.no_processes:
        measure_processes(options, record)
    for row in rows(options):
        measure_row(options, record, row)
        record.write_table()
    record.save()
    record.write_table()
    print(f"wrote {record.path} and {record.tables}", file=sys.stderr)


if __name__ == "__main__":
    main()

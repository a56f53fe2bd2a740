# SPDX-License-Identifier: Apache-2.0
"""The Markdown table of a benchmark's JSON file.

    python3 Benchmarks/table.py benchmarks.json
"""
import json
import math
import statistics
import sys

TITLES = {
    "train": "Training", "infer": "Inference", "infer 1": "Inference of one image at a time"}
HEADINGS = [
    "network", "input", "batch", "Fovea", "PyTorch, default", "PyTorch, best f32", "PyTorch, best",
    "to default", "to best f32", "to best", "memory, Fovea", "memory, PyTorch", "memory, ratio"]
LEFT = 2  # so many columns stand on the left


class Row:
    """The measurements of one network, mode and batch, as medians and ratios."""

    def __init__(self, entry):
        self.entry = entry
        self.rates = {}
        for measurement in entry["measurements"]:
            if "failure" not in measurement:
                key = (measurement["side"], measurement["kind"])
                self.rates.setdefault(key, {})[measurement["round"]] = measurement

    def best(self, side, accepts=lambda kind: True):
        """The fastest kind of a side, by its median."""
        kinds = [key for key in self.rates if key[0] == side and accepts(key[1])]
        return max(kinds, key=self.rate, default=None)

    def rate(self, key):
        return statistics.median(m["images_per_second"] for m in self.rates[key].values())

    def memory(self, key):
        return statistics.median(m["peak_memory_bytes"] for m in self.rates[key].values())

    def ratio(self, ours, theirs):
        """The median of the rounds' ratios."""
        if ours is None or theirs is None:
            return None
        pairs = self.rates[ours].keys() & self.rates[theirs].keys()
        return statistics.median(
            self.rates[ours][number]["images_per_second"]
            / self.rates[theirs][number]["images_per_second"] for number in pairs
        ) if pairs else None

    def figures(self):
        """What the table shows: Fovea's and PyTorch's kinds, and the ratios."""
        def is_f32(kind):
            return "bf16" not in kind

        ours, ours_f32 = self.best("fovea"), self.best("fovea", is_f32)
        default = self.best("pytorch", lambda kind: kind == "eager")
        theirs_f32, theirs = self.best("pytorch", is_f32), self.best("pytorch")
        memory = None
        if ours and theirs:
            memory = self.memory(ours) / self.memory(theirs)
        return dict(
            ours=ours, default=default, theirs_f32=theirs_f32, theirs=theirs,
            to_default=self.ratio(ours_f32, default), to_f32=self.ratio(ours_f32, theirs_f32),
            to_best=self.ratio(ours, theirs), memory=memory)


def group(entry):
    return "infer 1" if entry["mode"] == "infer" and entry["batch"] == 1 else entry["mode"]


def rate_text(row, key, with_kind=True):
    if key is None:
        return "–"
    kind = f" ({key[1]})" if with_kind else ""
    rate = row.rate(key)
    return f"{rate:,.1f}{kind}" if rate < 1000 else f"{rate:,.0f}{kind}"


def ratio_text(ratio):
    return "–" if ratio is None else f"{ratio:.2f}"


def memory_text(row, key):
    return "–" if key is None else f"{row.memory(key) / 2**20:,.0f} MiB"


def cells(row, figures):
    entry = row.entry
    inputs = [m["input"] for m in entry["measurements"] if "input" in m]
    shape = "×".join(str(extent) for extent in inputs[0]) if inputs else "–"
    ours = figures["ours"]
    return [
        entry["network"], shape, str(entry["batch"]),
        rate_text(row, ours, with_kind=bool(ours) and ours[1] != "f32"),
        rate_text(row, figures["default"], with_kind=False), rate_text(row, figures["theirs_f32"]),
        rate_text(row, figures["theirs"]), ratio_text(figures["to_default"]),
        ratio_text(figures["to_f32"]), ratio_text(figures["to_best"]), memory_text(row, ours),
        memory_text(row, figures["theirs"]), ratio_text(figures["memory"])]


def mean(values):
    """The geometric mean of the values that are there."""
    values = [value for value in values if value is not None]
    return math.exp(statistics.fmean(math.log(value) for value in values)) if values else None


def line(cells):
    return "| " + " | ".join(cells) + " |"


def section(title, entries):
    rows = [Row(entry) for entry in entries]
    figures = [row.figures() for row in rows]
    lines = [f"## {title}, images a second", "", line(HEADINGS)]
    lines.append(line(["---"] * LEFT + ["---:"] * (len(HEADINGS) - LEFT)))
    lines += [line(cells(*pair)) for pair in zip(rows, figures)]
    means = [ratio_text(mean([f[key] for f in figures]))
             for key in ("to_default", "to_f32", "to_best")]
    memory = ratio_text(mean([f["memory"] for f in figures]))
    lines.append(line(["geometric mean"] + [""] * 6 + means + ["", "", memory]))
    return lines + [""]


def spreads(row):
    """Of what the table shows, that whose rounds differ by more than a tenth."""
    figures = row.figures()
    keys = dict.fromkeys(figures[name] for name in ("ours", "default", "theirs_f32", "theirs"))
    for key in keys:
        rates = [m["images_per_second"] for m in row.rates[key].values()] if key else []
        if rates and max(rates) > 1.1 * min(rates):
            entry = row.entry
            yield (f"{entry['network']} ({entry['mode']}, {entry['batch']}) {key[0]} {key[1]}, "
                   f"{min(rates):,.1f} to {max(rates):,.1f}")


def remarks(content):
    rounds = [len({m["round"] for m in entry["measurements"]}) for entry in content["rows"]]
    lines = []
    if rounds:
        count = f"{min(rounds)}" if min(rounds) == max(rounds) else f"{min(rounds)} to {max(rounds)}"
        lines.append(
            f"Medians of {count} rounds of {content['seconds']:g} s; a ratio is the median of the "
            "rounds' ratios. To PyTorch's default and to its best f32 the ratio is that of "
            "Fovea's f32. PyTorch's memory is that of its fastest configuration.")
    if not content["machine"]["has_bf16"]:
        lines.append("bf16 was not measured: the processor has no instructions for it.")
    torch = content.get("pytorch")
    if torch:
        lines.append(
            f"PyTorch's memory includes {torch['imported_memory_bytes'] / 2**20:.0f} MiB that it has "
            "once it is imported; a build without CUDA has less.")
    unsteady = [text for entry in content["rows"] for text in spreads(Row(entry))]
    if unsteady:
        lines.append(f"Rounds differ by more than a tenth, so measure again: {'; '.join(unsteady)}.")
    failures = sorted({
        f"{entry['network']} ({entry['mode']}, {entry['batch']}), {m['side']} {m['kind']}: "
        f"{m['failure']}"
        for entry in content["rows"] for m in entry["measurements"] if "failure" in m})
    lines += [f"Failed: {failure}" for failure in failures]
    return [text for remark in lines for text in (remark, "")]


def machine_lines(content):
    facts, torch = content["machine"], content.get("pytorch")
    versions = [f"Fovea {facts['fovea']} with {facts['library']}"]
    if torch:
        versions.append(
            f"PyTorch {torch['torch']} with oneDNN {torch['onednn']}, {torch['instruction_set']}")
    return [
        f"{facts['processor']} ({', '.join(facts['instruction_sets'])}), {facts['cores']} cores, "
        f"{facts['memory_bytes'] / 2**30:.0f} GiB, {facts['system']}; {facts['threads']} threads; "
        f"{'; '.join(versions)}; {content.get('date', '')}.", ""]


def process_lines(content):
    if not content["processes"]:
        return []
    lines = ["## Whole processes", "", line(["command", "median", "least", "runs"]),
             line(["---", "---:", "---:", "---:"])]
    for entry in content["processes"]:
        seconds = entry["seconds"]
        lines.append(line([
            f"`{entry['command']}`", f"{statistics.median(seconds) * 1000:.0f} ms",
            f"{min(seconds) * 1000:.0f} ms", str(len(seconds))]))
    return lines + [""]


def markdown(content):
    lines = machine_lines(content) + remarks(content)
    for name, title in TITLES.items():
        entries = [e for e in content["rows"] if group(e) == name and e["measurements"]]
        if entries:
            lines += section(title, entries)
    return "\n".join(lines + process_lines(content))


if __name__ == "__main__":
    with open(sys.argv[1]) as file:
        print(markdown(json.load(file)), end="")

# SPDX-License-Identifier: Apache-2.0
"""PyTorch's side of the comparison: one network, mode and configuration, on random data.

    python3 Benchmarks/pytorch.py nin --mode train --configuration channels-last --batch 64

prints one JSON object. A configuration is `eager`, PyTorch as it is, or some of `channels-last`, `compile`
(torch.compile) and `bf16` (autocast), joined by `+`. A training step is forward in training mode, mean
cross-entropy, backward and plain SGD; GoogLeNet has its two heads, as Fovea's has. Needs torch and
torchvision; the networks are those of Scripts/fixtures/architectures.py.
"""
import argparse
import contextlib
import json
import pathlib
import re
import sys
import time

import torch
from torch import nn

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "Scripts" / "fixtures"))
import architectures  # noqa: E402

# Networks whose ReLU is written in place; torchvision's own say so themselves.
IN_PLACE = ("nin-cifar",)
PARTS = ("eager", "channels-last", "compile", "bf16")


def peak():
    """The largest memory this process has had so far, in bytes."""
    with open("/proc/self/status") as file:
        for line in file:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return None


def make(name, input, classes):
    network = architectures.NETWORKS[name]["make"](input, classes)
    if name in IN_PLACE:
        for module in network.modules():
            if isinstance(module, nn.ReLU):
                module.inplace = True
    return network


def step_function(name, mode, parts, batch, classes, input):
    """A function that does one step."""
    network = make(name, input, classes)
    images, labels = torch.rand(batch, *input), torch.randint(0, classes, (batch,))
    if "channels-last" in parts:
        network = network.to(memory_format=torch.channels_last)
        images = images.to(memory_format=torch.channels_last)
    network.train(mode == "train")
    called = torch.compile(network) if "compile" in parts else network
    loss = nn.CrossEntropyLoss()

    def precision():
        if "bf16" in parts:
            return torch.autocast("cpu", dtype=torch.bfloat16)
        return contextlib.nullcontext()

    if mode == "infer":
        def infer():
            with torch.inference_mode(), precision():
                called(images)
        return infer

    optimizer = torch.optim.SGD(network.parameters(), lr=0.01)

    def train():
        optimizer.zero_grad()
        with precision():
            outputs = called(images)
            if isinstance(outputs, dict):
                value = loss(outputs["logits"], labels) + 0.3 * (
                    loss(outputs["aux1"], labels) + loss(outputs["aux2"], labels))
            else:
                value = loss(outputs, labels)
        value.backward()
        optimizer.step()
    return train


def measure(step, seconds):
    """The time of each step in milliseconds: two to warm up, then at least three."""
    for _ in range(2):
        step()
    times, end = [], time.perf_counter() + seconds
    while len(times) < 3 or (time.perf_counter() < end and len(times) < 1000):
        start = time.perf_counter()
        step()
        times.append((time.perf_counter() - start) * 1000)
    return sorted(times)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", choices=sorted(architectures.NETWORKS))
    parser.add_argument("--mode", choices=("train", "infer"), default="train")
    parser.add_argument("--configuration", default="eager")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--classes", type=int, default=10)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()
    parts = options.configuration.split("+")
    if not set(parts) <= set(PARTS) or ("eager" in parts and len(parts) > 1):
        parser.error(f"--configuration must be eager, or of {', '.join(PARTS[1:])} joined by +")
    if options.threads:
        torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    imported = peak()
    input = architectures.NETWORKS[options.network]["input"]
    step = step_function(
        options.network, options.mode, parts, options.batch, options.classes, input)
    times = measure(step, options.seconds)
    median = times[len(times) // 2]
    kernels = re.search(r"MKL-DNN v([\d.]+)", torch.__config__.show())
    print(json.dumps(dict(
        network=options.network, mode=options.mode, configuration=options.configuration,
        batch=options.batch, classes=options.classes, input=input,
        threads=torch.get_num_threads(), images_per_second=options.batch / median * 1000,
        milliseconds_per_step=dict(min=times[0], median=median, max=times[-1]),
        peak_memory_bytes=peak(), imported_memory_bytes=imported,
        torch=torch.__version__, onednn=kernels.group(1) if kernels else None,
        instruction_set=torch.backends.cpu.get_cpu_capability())))


if __name__ == "__main__":
    main()

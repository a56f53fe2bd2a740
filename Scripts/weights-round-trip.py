#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Weights from PyTorch through the command and back: every tensor must return bit for bit.

    python3 Scripts/weights-round-trip.py [--fovea .build/release/fovea] NETWORK ...

needs PyTorch, torchvision and safetensors, and the command built by `swift build -c release`. A
network is one of torchvision's under the command's name (resnet18, vgg16-bn, densenet121 ...), or one
of Scripts/fixtures/architectures.py (lenet, alexnet-d2l, nin, resnet18-cifar, googlenet-bn ...).

Its weights are drawn at random, statistics of batch normalizations included, and saved as a .pth file
in both of PyTorch's containers, as one in 16-bit floats, as a checkpoint of a parallel model, as
safetensors, and besides, for DenseNets, under the names of torchvision's first files, for GoogLeNet
without its auxiliary heads. `fovea export` reads each and writes safetensors, which a fresh network
loads with strict=True; then all its tensors are compared with those that were saved.

`num_batches_tracked` does not come back, as Fovea does not keep it. That no file names it is no
hindrance: a dictionary without PyTorch's own notes about versions counts as of a version before that
buffer was there, and BatchNorm._load_from_state_dict then fills it in. The script looks that it does.
"""
import argparse, pathlib, re, subprocess, sys, tempfile
import torch
import torchvision
from safetensors.torch import load_file, save_file

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "fixtures"))
import architectures

ROOT = pathlib.Path(__file__).resolve().parents[1]
COUNT = "num_batches_tracked"


def make(name, heads=True):
    if name == "googlenet":
        return torchvision.models.googlenet(weights=None, aux_logits=heads, init_weights=False)
    published = name.replace("-", "_")
    if published in torchvision.models.list_models():
        return torchvision.models.get_model(published, weights=None)
    network = architectures.NETWORKS[name]
    return network["make"](network["input"], network["classes"])


def draw(model, seed):
    """Numbers that no initialization has, so that a tensor that is left out shows."""
    generator = torch.Generator().manual_seed(seed)
    for name, value in model.state_dict().items():
        if value.is_floating_point():
            value.uniform_(-1, 1, generator=generator)
        else:
            value.random_(0, 1000, generator=generator)


def old_dense_names(state):
    """The names that torchvision's rule for DenseNets undoes, without the counts it knew not."""
    pattern = re.compile(r"^(.*denselayer\d+\.(?:norm|conv))([12]\..*)$")
    return {pattern.sub(r"\1.\2", k): v for k, v in state.items() if not k.endswith(COUNT)}


def files(name, model, folder):
    """The ways in which the weights are saved: what, the file, and what is to come back."""
    state = model.state_dict()
    floats = {k: v for k, v in state.items() if not k.endswith(COUNT)}

    def saved(what, content, expected=floats, **options):
        path = folder / f"{what}.pth"
        torch.save(content, path, **options)
        return what, path, expected

    yield saved("zip", state)
    yield saved("legacy", state, _use_new_zipfile_serialization=False)
    half = {k: v.half() if v.is_floating_point() else v for k, v in state.items()}
    yield saved("half", half, {k: half[k].float() for k in floats})
    parallel = {f"module.{k}": v for k, v in state.items()}
    yield saved("checkpoint", {"epoch": 1, "state_dict": parallel})
    if name.startswith("densenet"):
        yield saved("old-names", old_dense_names(state))
    if name == "googlenet":
        bare = {k: v for k, v in state.items() if not k.startswith("aux")}
        yield saved("no-heads", bare, {k: v for k, v in floats.items() if k in bare})
    path = folder / "plain.safetensors"
    save_file(state, path)
    yield "safetensors", path, floats


def check(name, fovea, folder):
    model = make(name)
    draw(model, seed=7)
    failures = 0
    for what, path, expected in files(name, model, folder):
        out = folder / "out.safetensors"
        command = [fovea, "export", name, "--weights", path, "--format", "safetensors", "--out", out]
        run = subprocess.run(command, capture_output=True, text=True)
        if run.returncode != 0:
            print(f"{name} {what}: {run.stderr.strip()}")
            failures += 1
            continue
        fresh = make(name, heads=what != "no-heads")
        draw(fresh, seed=8)
        keys = fresh.load_state_dict(load_file(out), strict=True)
        assert not keys.missing_keys and not keys.unexpected_keys
        found = fresh.state_dict()
        wrong = [k for k, v in expected.items() if not torch.equal(
            v.contiguous().view(torch.int32), found[k].contiguous().view(torch.int32))]
        print(f"{name} {what}: {len(expected) - len(wrong)} of {len(expected)} tensors are the same"
              + (f", but not {', '.join(wrong[:4])}" if wrong else ""))
        failures += bool(wrong)
        path.unlink()
        out.unlink()
    return failures


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fovea", default=ROOT / ".build/release/fovea", type=pathlib.Path)
    parser.add_argument("network", nargs="+")
    options = parser.parse_args()
    failures = 0
    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        for name in options.network:
            failures += check(name, options.fovea.resolve(), pathlib.Path(folder))
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The recipe `d2l` in PyTorch, on a part of Fashion-MNIST: what a run of Fovea is compared with.

    python3 Scripts/reproduction.py NETWORK [--seeds 0,1,2] [--epochs 1]
                                    [--limit-train 6000] [--limit-test 1000] [--threads N]

The procedure is the book's `train_ch6`: images resized as Pillow does it and divided by 255,
Xavier's uniform initialization of the weights (biases as PyTorch draws them), plain SGD at a
constant rate, mean cross-entropy, dropout as published, 32-bit floats, no compilation. The same
images as with `fovea train NETWORK --limit-train 6000 --limit-test 1000`: the first of each file.

Prints a JSON object a seed and line: `loss` and `train_accuracy` are the averages over the last
epoch while it trained, `test_accuracy` is that after it.
"""
import argparse, gzip, json, pathlib, sys, time

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn.functional import cross_entropy

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "fixtures"))
import architectures

# The book's rate, batch and side of the images.
RECIPES = {
    "lenet": (0.9, 256, 28),
    "lenet-bn": (1.0, 256, 28),
    "alexnet-d2l": (0.01, 128, 224),
    "vgg11-d2l": (0.05, 128, 224),
    "nin": (0.1, 128, 224),
    "googlenet-d2l": (0.1, 128, 96),
    "resnet18-d2l": (0.05, 256, 96),
    "densenet-d2l": (0.1, 256, 96),
}


def idx(folder, name):
    """The numbers of an IDX file, compressed or not."""
    path = pathlib.Path(folder) / name
    data = path.read_bytes() if path.exists() else gzip.open(f"{path}.gz").read()
    axes = data[3]
    shape = np.frombuffer(data, ">u4", axes, 4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * axes).reshape(shape)


def read(folder, name, limit, side):
    """Images as bytes [N, 1, side, side], and labels."""
    pixels = idx(folder, f"{name}-images-idx3-ubyte")[:limit]
    labels = idx(folder, f"{name}-labels-idx1-ubyte")[:limit].astype(np.int64)
    if side != pixels.shape[1]:
        pixels = np.stack([
            np.asarray(Image.fromarray(image).resize((side, side), Image.Resampling.BILINEAR))
            for image in pixels])
    return torch.from_numpy(pixels.copy())[:, None], torch.from_numpy(labels)


def initialize(module):
    if isinstance(module, (nn.Linear, nn.Conv2d)):
        nn.init.xavier_uniform_(module.weight)


def correct(logits, labels):
    return (logits.argmax(1) == labels).sum().item()


def train_epoch(model, sgd, images, labels, batch):
    """The averages of loss and accuracy over the epoch."""
    model.train()
    loss_sum, hits = 0.0, 0
    for chosen in torch.randperm(len(labels)).split(batch):
        logits = model(images[chosen].float() / 255)
        loss = cross_entropy(logits, labels[chosen])
        sgd.zero_grad()
        loss.backward()
        sgd.step()
        loss_sum += loss.item() * len(chosen)
        hits += correct(logits, labels[chosen])
    return loss_sum / len(labels), hits / len(labels)


def evaluate(model, images, labels, batch):
    model.eval()
    with torch.no_grad():
        return sum(
            correct(model(x.float() / 255), y)
            for x, y in zip(images.split(batch), labels.split(batch))) / len(labels)


def run(name, seed, epochs, training, test):
    rate, batch, side = RECIPES[name]
    start = time.perf_counter()
    torch.manual_seed(seed)
    model = architectures.NETWORKS[name]["make"]((1, side, side), 10)
    model.apply(initialize)
    sgd = torch.optim.SGD(model.parameters(), lr=rate)
    for _ in range(epochs):
        loss, accuracy = train_epoch(model, sgd, *training, batch)
    return dict(
        network=name, seed=seed, epochs=epochs, train_images=len(training[1]),
        test_images=len(test[1]), rate=rate, batch=batch, side=side, loss=round(loss, 4),
        train_accuracy=round(accuracy, 4), test_accuracy=round(evaluate(model, *test, batch), 4),
        seconds=round(time.perf_counter() - start, 1), torch=torch.__version__.split("+")[0])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("network", choices=RECIPES)
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--limit-train", type=int, default=6000)
    parser.add_argument("--limit-test", type=int, default=1000)
    parser.add_argument("--data-dir", default="/usr/share/datasets/fashion-mnist")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    side = RECIPES[arguments.network][2]
    training = read(arguments.data_dir, "train", arguments.limit_train, side)
    test = read(arguments.data_dir, "t10k", arguments.limit_test, side)
    for seed in arguments.seeds.split(","):
        result = run(arguments.network, int(seed), arguments.epochs, training, test)
        print(json.dumps(result), flush=True)

# SPDX-License-Identifier: Apache-2.0
"""The book's training of a network in PyTorch on Fashion-MNIST, as far as a part of an epoch.

    python3 Benchmarks/book.py nin --batch 128 --resize 224 --part 0.1

prints one JSON object: how long that took, and how long ten epochs would take. As in the book, pictures are
resized by the loader's four workers, weights are Xavier's, and a step is plain SGD with PyTorch as it is. The
tests after epochs are left out. Needs torch and torchvision.
"""
import argparse
import gzip
import json
import pathlib
import sys
import time

import numpy
import torch
from PIL import Image
from torch import nn
from torchvision import transforms

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "Scripts" / "fixtures"))
import architectures  # noqa: E402

EPOCHS = 10


class FashionMNIST(torch.utils.data.Dataset):
    """The training pictures in a folder with the data set's four files."""

    def __init__(self, folder, resize):
        folder = pathlib.Path(folder)
        with gzip.open(folder / "train-images-idx3-ubyte.gz") as file:
            self.images = numpy.frombuffer(file.read()[16:], numpy.uint8).reshape(-1, 28, 28)
        with gzip.open(folder / "train-labels-idx1-ubyte.gz") as file:
            self.labels = file.read()[8:]
        self.prepare = transforms.Compose([transforms.Resize(resize), transforms.ToTensor()])

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        return self.prepare(Image.fromarray(self.images[index])), self.labels[index]


def draw(module):
    """Draws weights as the book does; biases stay PyTorch's."""
    if isinstance(module, (nn.Linear, nn.Conv2d)):
        nn.init.xavier_uniform_(module.weight)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("network")
    parser.add_argument("--data-dir", default="/usr/share/datasets/fashion-mnist")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--resize", type=int, default=224)
    parser.add_argument("--rate", type=float, default=0.1)
    parser.add_argument("--part", type=float, default=0.1, help="of an epoch")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    data = FashionMNIST(options.data_dir, options.resize)
    loader = torch.utils.data.DataLoader(
        data, options.batch, shuffle=True, num_workers=4)
    network = architectures.NETWORKS[options.network]["make"]((1, options.resize, options.resize), 10)
    network.apply(draw)
    network.train()
    optimizer = torch.optim.SGD(network.parameters(), lr=options.rate)
    loss = nn.CrossEntropyLoss()
    count, seen = max(1, round(len(loader) * options.part)), 0
    start = time.perf_counter()
    for _, (images, labels) in zip(range(count), loader):
        optimizer.zero_grad()
        loss(network(images), labels).backward()
        optimizer.step()
        seen += len(labels)
    seconds = time.perf_counter() - start
    print(json.dumps(dict(
        network=options.network, torch=torch.__version__, threads=options.threads,
        images=seen, seconds=seconds, images_per_second=seen / seconds,
        forecast_seconds=seconds * EPOCHS * len(data) / seen)))


if __name__ == "__main__":
    main()

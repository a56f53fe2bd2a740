# SPDX-License-Identifier: Apache-2.0
"""The time of whole processes of Fovea: its help, and the prediction of one image."""
import array
import json
import os
import pathlib
import random
import re
import struct
import subprocess
import tempfile
import time
import zlib


def times(fovea, threads, rounds):
    """The times in seconds of each command, after one run that warms up."""
    environment = dict(os.environ, OMP_NUM_THREADS=str(threads))
    with tempfile.TemporaryDirectory() as folder:
        weights, image = write_weights(fovea, "nin", folder), write_image(folder)
        commands = {
            "fovea --help": [fovea, "--help"],
            "fovea predict nin --weights … image.png":
                [fovea, "predict", "nin", "--weights", weights, image],
        }
        for name, arguments in commands.items():
            seconds = []
            for _ in range(1 + 5 * rounds):
                start = time.perf_counter()
                subprocess.run(arguments, capture_output=True, check=True, env=environment)
                seconds.append(time.perf_counter() - start)
            yield name, seconds[1:]


def write_weights(fovea, network, folder):
    """A safetensors file with random weights for a network of the catalog."""
    graph = json.loads(subprocess.run(
        [fovea, "graph", network, "--mode", "infer", "--batch", "1", "--json"],
        capture_output=True, text=True, check=True).stdout)
    header, data, generator = {}, bytearray(), random.Random(0)
    for node in graph["nodes"]:
        if node["operation"] != "parameter":
            continue
        shape = [int(word) for word in re.search(r"\[(.*)\]", node["outputs"][0])[1].split("×")]
        count = 1
        for extent in shape:
            count *= extent
        values = array.array("f", (generator.uniform(-0.02, 0.02) for _ in range(count)))
        header[node["attributes"].split()[0]] = dict(
            dtype="F32", shape=shape, data_offsets=[len(data), len(data) + 4 * count])
        data += values.tobytes()
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path = pathlib.Path(folder) / "weights.safetensors"
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    return str(path)


def write_image(folder, side=28):
    """A grey PNG picture."""
    def chunk(kind, content):
        checksum = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)

    lines = b"".join(
        b"\0" + bytes((x * y) % 256 for x in range(side)) for y in range(side))
    path = pathlib.Path(folder) / "image.png"
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b""))
    return str(path)

# SPDX-License-Identifier: Apache-2.0
"""What a measurement was made on."""
import json
import os
import subprocess

FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8")


def facts(fovea, threads):
    """The processor, its instruction sets, memory, system, and Fovea's library."""
    doctor = json.loads(subprocess.run(
        [fovea, "doctor", "--json"], capture_output=True, text=True, check=True).stdout)
    flags = set()
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("flags"):
                flags = set(line.split(":", 1)[1].split())
                break
    found = [flag for flag in FLAGS if flag in flags]
    return dict(
        processor=doctor["machine"]["processor"], cores=doctor["machine"]["cores"],
        memory_bytes=doctor["machine"]["memory_bytes"], system=doctor["machine"]["system"],
        kernel=os.uname().release, instruction_sets=found, threads=threads,
        has_bf16="avx512_bf16" in found or "amx_bf16" in found, fovea=doctor["version"],
        library=doctor["library"], load_at_start=os.getloadavg()[0])


def constant(machine):
    """What must be the same when a run goes on."""
    return {
        key: machine[key]
        for key in ("processor", "cores", "instruction_sets", "threads", "library")}

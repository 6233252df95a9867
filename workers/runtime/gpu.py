"""What accelerator this machine has, asked of its driver. The parent never loads torch, let alone CUDA."""

import shutil
import subprocess
from dataclasses import dataclass


@dataclass(frozen=True)
class Device:
    name: str = "cpu"
    vram_bytes: int = 0


def device_probe() -> Device:
    """The first GPU that this process may use, else the CPU."""
    if shutil.which("nvidia-smi") is None:
        return Device()
    command = ["nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except subprocess.TimeoutExpired:
        return Device()
    if answer.returncode != 0 or not answer.stdout.strip():
        return Device()
    name, _, mebibytes = answer.stdout.splitlines()[0].rpartition(",")
    return Device(name.strip(), int(float(mebibytes)) * 2**20)

"""Triton kernels, in a process of their own: what tells triton to interpret must be said before it is imported, and to nobody else."""

import importlib.util
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).parents[2]
BESIDE = ROOT / os.environ.get("GENEPOOL_TRITON", ".venvs/triton")


def run(*modules: str, **environment: str) -> None:
    paths = [str(ROOT), *([str(BESIDE)] if importlib.util.find_spec("triton") is None else [])]
    command = [
        sys.executable, "-m", "pytest", "-q", "--noconftest", "-p", "no:cacheprovider", "-p", "no:django", "-p", "no:xdist",
        "-c", os.devnull, "--rootdir", str(ROOT), "--import-mode=importlib",
        *(f"tests/kernels/on_device/{module}.py" for module in modules),
    ]  # fmt: skip
    known = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("TRITON_", "GENEPOOL_KERNELS", "PYTEST_"))
    }
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=known | {"PYTHONPATH": os.pathsep.join(paths)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]


def triton_or_skip() -> None:
    if importlib.util.find_spec("triton") is None and not BESIDE.is_dir():
        expected = "GENEPOOL_TRITON" in os.environ and (platform.system(), platform.machine()) == ("Linux", "x86_64")
        assert not expected, f"`make setup` puts triton into {BESIDE}, and it is not there."
        pytest.skip("triton is not installed; `make setup` puts it into .venvs/triton on Linux")


def test_interpreted_on_the_cpu():
    triton_or_skip()
    run("triton_kernels", "merge_methods", "bytes_moved", TRITON_INTERPRET="1")


@pytest.mark.slow
def test_compiled_for_a_gpu_without_one():
    triton_or_skip()
    run("compiled")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU here")
def test_on_the_gpu():
    run("triton_kernels", "merge_methods")

"""torch comes in when it is used, once, and as it was asked to be."""

import subprocess
import sys
from pathlib import Path

import torch

from kernels import late

ROOT = Path(__file__).parents[2]


def told(code: str) -> str:
    """What a process of its own prints."""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_it_is_the_module_itself_that_answers():
    assert late.torch.Tensor is torch.Tensor
    assert isinstance(torch.ones(2), late.torch.Tensor)


def test_in_a_process_that_has_torch_an_action_is_carried_out_at_once():
    done = []
    late.once_loaded(lambda: done.append("at once"))
    assert done == ["at once"]


def test_it_is_loaded_by_the_first_of_several_threads_and_every_one_finds_it_as_it_was_asked_to_be():
    code = """
import sys, threading
from kernels.late import once_loaded, torch
once_loaded(lambda: torch.set_num_threads(1))
print("torch" in sys.modules)
found = []
threads = [threading.Thread(target=lambda: found.append((torch.get_num_threads(), float(torch.ones(2).sum())))) for _ in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(found == [(1, 2.0)] * 4)
"""
    assert told(code).split() == ["False", "True"]


def test_an_action_is_carried_out_also_where_somebody_else_loaded_torch_meanwhile():
    code = """
from kernels import late
late.once_loaded(lambda: late.torch.set_num_threads(1))
import torch
torch.set_num_threads(2)
late.torch.ones(1)
print(torch.get_num_threads())
"""
    assert told(code) == "1"

"""Learning by hand: a tiny family of models, a few digits, and a request over them."""

import importlib
from pathlib import Path
from typing import Any

import torch

from tests.builders import vit_family
from tests.workers.engine.plans import ROWS, plan_of
from tests.workers.jobs.digits import dataset
from tests.workers.jobs.ports import FakeCancel, FakeReporter
from workers.engine.data.examples import examples_of
from workers.engine.data.splits import open_split
from workers.engine.io.reader import tensors_of
from workers.engine.merge.learned import Learned
from workers.engine.merge.learning.request import Learning

SIZES = {"hidden": 8, "layers": 1}


class Killed(Exception):
    """Stands for the end of the process."""


def family(root: Path, count: int = 2, **sizes: int) -> list[Path]:
    """The base, then its fine-tunes."""
    return list(vit_family(root / "models", count=count, **(SIZES | sizes)))


def digits(root: Path, domain: str = "clean", *, rows: int = 16, labelled: bool = True) -> Any:
    folder = root / f"data-{domain}"
    split = open_split(folder if folder.is_dir() else dataset(folder, domain, rows), "train", reference=domain)
    names = [str(digit) for digit in range(10)] if labelled else []
    return examples_of(split, "image-classification", labels=names, labelled=labelled)


def learning_of(
    root: Path, folders: list[Path], method: str, data: list[Any], *, out: str = "learned", cancel_at: int | None = None,
    task: str = "image-classification", seed: int = 0, key: str = "k", **parameters: Any,
) -> Learning:  # fmt: skip
    """`folders` with the base first, where the method has one."""
    for name in (out, f"{out}-journal"):
        (root / name).mkdir(exist_ok=True)
    plan = plan_of(folders, method, seed=seed, **parameters)
    return Learning(
        plan=plan, folders=folders, names=[folder.name for folder in folders],
        first_source=int(any(step.has_base for step in plan.steps)), data=data, task=task, out=root / out, journal=root / f"{out}-journal", key=key, reporter=FakeReporter(),
        cancel=FakeCancel(cancel_at),
    )  # fmt: skip


def learn(learning: Learning) -> dict[str, Any]:
    torch.use_deterministic_algorithms(True)
    module, _, name = ROWS[learning.plan.method].learn.partition(":")
    report: dict[str, Any] = getattr(importlib.import_module(module), name)(learning)
    return report


def learned(learning: Learning, name: str) -> dict[str, torch.Tensor]:
    return dict(Learned(learning.out).of(name))


def state(folder: Path) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in tensors_of(folder)}


def files(learning: Learning) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(learning.out.iterdir())}

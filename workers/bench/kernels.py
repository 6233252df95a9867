"""`python -m workers.bench.kernels`: what each GPU kernel moves, and on a GPU how near it comes to the rate of a plain copy.

Without a GPU the bytes stand in: they are counted from what the kernels say they load and store, which the tests hold to what
triton's interpreter sees, beside what plain torch moves for the same result.
"""

import argparse
import json
import os
import statistics
import sys
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from kernels.dispatch import OVERRIDE
from kernels.traffic import TRAFFIC, Traffic
from kernels.workloads import Workload
from workers.contracts.kernels import RECORDED

ENTRIES, COUNTED, COLUMNS, ROUNDS = 1 << 26, 1 << 16, 1024, 20
DTYPES = {"bfloat16": torch.bfloat16, "float16": torch.float16, "float32": torch.float32}


def main(arguments: list[str] | None = None) -> int:
    options = _arguments(arguments)
    dtype = DTYPES[options.dtype]
    name = torch.cuda.get_device_name() if torch.cuda.is_available() else None
    copy = copy_rate(dtype) if name else None
    rows = [_row(row, options.sources, dtype, copy) for row in TRAFFIC]
    figures = {
        "sources": options.sources, "dtype": options.dtype, "bytes_each": dtype.itemsize, "device": name, "copy_rate": copy, "rows": rows,
    }  # fmt: skip
    print(json.dumps(figures))
    print(table(figures))
    if options.record:
        RECORDED.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
        print(f"Recorded in {RECORDED}", file=sys.stderr)
    return 0


def _row(row: Traffic, sources: int, dtype: torch.dtype, copy: float | None) -> dict[str, Any]:
    each = dtype.itemsize
    rate = kernel_rate(row, sources, dtype) if copy else None
    return {
        "name": row.name, "does": row.does, "reads": row.reads(sources, each), "writes": row.writes(sources, each),
        "cached": row.cached(sources, each), "passes": row.passes(sources, each),
        "eager": round(eager_bytes(row.name, sources, dtype), 1), "rate": rate, "share": rate / copy if rate and copy else None,
    }  # fmt: skip


def eager_bytes(name: str, sources: int, dtype: torch.dtype) -> float:
    """Bytes for one entry that plain torch moves: what every operation of the reference takes in and gives out, views aside."""
    counter = _Bytes()
    with _override("reference"):
        run = Workload(COUNTED, sources, dtype, columns=COLUMNS).call(name)
        with counter:
            run()
    return counter.bytes / COUNTED


class _Bytes(TorchDispatchMode):
    """Adds up the tensors that operations read and write; a view neither reads nor writes."""

    def __init__(self) -> None:
        super().__init__()
        self.bytes = 0

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = function(*args, **(kwargs or {}))
        # What a result goes into is written, not read.
        read = {name: value for name, value in (kwargs or {}).items() if name != "out"}
        given = [leaf for leaf in tree_leaves((args, read)) if isinstance(leaf, torch.Tensor)]
        made = [leaf for leaf in tree_leaves(result) if isinstance(leaf, torch.Tensor)]
        held = {tensor.untyped_storage().data_ptr() for tensor in given}
        is_view = (
            all(tensor.untyped_storage().data_ptr() in held for tensor in made) and not function._schema.is_mutable
        )
        if not is_view:
            self.bytes += sum(tensor.numel() * tensor.itemsize for tensor in (*given, *made))
        return result


def copy_rate(dtype: torch.dtype) -> float:
    """Bytes per second of a plain copy on the card, read and written."""
    source = torch.zeros(ENTRIES, dtype=dtype, device="cuda")
    target = torch.empty_like(source)
    return 2 * ENTRIES * dtype.itemsize / _seconds(lambda: target.copy_(source))


def kernel_rate(row: Traffic, sources: int, dtype: torch.dtype) -> float:
    """Bytes per second through memory; what stays in the cache is not counted."""
    with _override("triton"):
        run = Workload(ENTRIES, sources, dtype, device="cuda", columns=COLUMNS).call(row.name)
        return row.moved(sources, dtype.itemsize) * ENTRIES / _seconds(run)


def _seconds(run: Callable[[], object]) -> float:
    """The median of a few runs, after some that compile and warm up."""
    for _ in range(3):
        run()
    taken = []
    for _ in range(ROUNDS):
        start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        start.record()
        run()
        end.record()
        end.synchronize()
        taken.append(start.elapsed_time(end) / 1000)
    return statistics.median(taken)


@contextmanager
def _override(implementation: str) -> Any:
    before = os.environ.get(OVERRIDE)
    os.environ[OVERRIDE] = implementation
    try:
        yield
    finally:
        if before is None:
            del os.environ[OVERRIDE]
        else:
            os.environ[OVERRIDE] = before


def table(figures: dict[str, Any]) -> str:
    head = f"{'kernel':<18}{'reads':>7}{'writes':>8}{'cached':>8}{'passes':>8}{'plain torch':>13}"
    device = figures["device"]
    lines = [head + (f"{'GB/s':>9}{'of a copy':>11}" if device else "")]
    for row in figures["rows"]:
        line = f"{row['name']:<18}{row['reads']:>7}{row['writes']:>8}{row['cached']:>8}{row['passes']:>8}{row['eager']:>13.0f}"
        lines.append(line + (f"{row['rate'] / 1e9:>9.0f}{row['share']:>11.0%}" if device else ""))
    told = f"{figures['sources']} sources and a base in {figures['dtype']}; bytes for one entry and pass."
    if device:
        return "\n".join([*lines, f"{told} On {device}, whose copy moves {figures['copy_rate'] / 1e9:.0f} GB/s."])
    return "\n".join([*lines, f"{told} There is no GPU here: no speed was measured, and the bytes moved stand in."])


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m workers.bench.kernels", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--sources", type=int, default=3, help="models besides the base (default: %(default)s)")
    parser.add_argument(
        "--dtype", choices=sorted(DTYPES), default="bfloat16", help="of the weights (default: %(default)s)"
    )
    parser.add_argument("--record", action="store_true", help="keep the figures where the docs read them")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())

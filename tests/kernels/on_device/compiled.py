"""Every Triton kernel compiled for an H100 without one: it compiles, loads 16 bytes at a time, and fuses no product with a sum."""

import re

import pytest
import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

from kernels.triton import changes, competition, draws, election, gram, selection
from kernels.triton.numbers import BLOCK, WARPS

N = 3
B16 = "*bf16"
SIZED = {"size": "i32"}
INPUTS = {"base": B16, "sources": (B16,) * N, "out": B16, "merged": "*fp32"} | SIZED
ONE = {"base": B16, "source": B16} | SIZED
MAP = {
    "rules": "*i64", "numbers": "*fp32", "ranks": ("*i32",) * N, "limits": ("*i64",) * N, "odds": ("*fp32",) * N, "counts": "*i64",
}  # fmt: skip
COMPETING = {
    "bounds": "*fp32",
    "scores": "*fp32",
    "numbers": "*fp32",
    "kept": "*i64",
    "uppers": "*i32",
    "counts": "*i64",
}
VOTE = {"VOTE": True, "DIVIDE": False, "NORMALIZE": True, "RAW": False, "COUNT": False, "MERGED": True}
BOTH = {"N": N, "HAS_BASE": True, "BLOCK": BLOCK}
CASES = {
    **{f"changes-{mode}": (changes.changes_kernel, INPUTS | MAP, BOTH | VOTE | {"MODE": mode}) for mode in ("cut", "drawn", "ranked")},
    "elect": (
        election.elect_kernel, {"deltas": ("*fp32",) * N, "weights": "*fp32", "out": "*fp32", "agreed": "*i64"} | SIZED,
        {"N": N, "NORMALIZE": True, "RAW": False, "COUNT": False, "BLOCK": BLOCK},
    ),
    "counts": (
        selection.counts_kernel, ONE | {"counts": "*i32", "upper": "*i32"},
        {"HAS_BASE": True, "WITHIN": False, "SHIFT": 15, "BINS": 1 << 16, "COPIES": 8, "BLOCK": BLOCK},
    ),
    "equal": (selection.equal_kernel, ONE | {"found": "*i32", "bits": "*i32"}, {"HAS_BASE": True, "BLOCK": BLOCK}),
    "ranks": (selection.ranks_kernel, ONE | {"ranks": "*i32", "columns": "i32"}, {"HAS_BASE": True, "WIDTH": 1024}),
    "gram": (gram.gram_kernel, INPUTS | {"partials": "*fp64"}, {"N": N, "HAS_BASE": True, "SPAN": 1 << 16, "TILE": 1 << 10}),
    "competition": (
        competition.counts_kernel, INPUTS | COMPETING, BOTH | {"COMPETING": True, "WITHIN": 2, "BINS": 1 << 16},
    ),
    "share_out": (competition.share_kernel, INPUTS | COMPETING, BOTH | {"MERGED": True, "SMALLEST": 1e-12}),
    "words": (draws.words_kernel, {"out": "*i64", "keys": "*i64", "first": "i64"} | SIZED, {"BLOCK": BLOCK}),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_compiles_without_a_gpu(name, tmp_path, monkeypatch):
    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path))
    function, types, constants = CASES[name]
    signature = {argument: types.get(argument, "constexpr") for argument in function.arg_names}
    aligned = [["tt.divisibility", 16]]
    attributes = {}
    for place, kind in enumerate(signature.values()):
        if isinstance(kind, tuple):
            attributes |= {(place, index): aligned for index in range(len(kind))}
        elif kind != "constexpr":
            attributes[place,] = aligned
    source = ASTSource(fn=function, signature=signature, constexprs=constants, attrs=attributes)
    options = {"num_warps": WARPS, "enable_fp_fusion": False}
    text = triton.compile(source, target=GPUTarget("cuda", 90, 32), options=options).asm["ptx"]
    assert not re.search(r"fma\.rn\.f32", text)
    if "base" in signature:
        # At least the base and one source come in whole 16-byte pieces.
        assert len(re.findall(r"ld\.global\.v4\.b32", text)) >= 2

"""The comparisons of the parity suite see what they are there to see."""

import pytest
import torch

from tests.parity import adapted_side, chance, checks, mergekit_side, peft_side
from tests.parity.adapted import APPLIED, MERGES
from tests.parity.adapter_kinds import KINDS
from tests.parity.adapters import COMBINATIONS
from tests.parity.cases import CASES
from tests.parity.oracles import PEFT
from workers.contracts.methods import methods_of
from workers.contracts.peft import DIFFERENCES, VERSION


def numbers(seed: int, count: int = 400) -> torch.Tensor:
    return torch.randn(count, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("error", "is_seen"), [(0.0, False), (5e-7, False), (1e-5, True), (float("nan"), True)])
def test_a_difference_beyond_rounding_is_seen(error: float, is_seen: bool) -> None:
    wanted = numbers(0)
    made = wanted.clone()
    made[7] += error
    assert bool(checks._distance(made, wanted)) == is_seen


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_one_step_of_a_short_format_passes_and_two_do_not(dtype: torch.dtype) -> None:
    wanted = numbers(0).to(dtype)
    bits = wanted.view(torch.int16)
    assert checks._steps((bits + 1).view(dtype), wanted) == ""
    assert checks._steps((bits + 2).view(dtype), wanted) != ""
    assert checks._steps(-wanted, wanted) != ""


def drawn(mean: torch.Tensor, seeds: range, shift: float = 0.0) -> list[dict[str, torch.Tensor]]:
    return [{"w": mean + shift + 0.3 * numbers(seed, len(mean))} for seed in seeds]


@pytest.mark.parametrize(("shift", "is_seen"), [(0.0, False), (0.1, True)])
def test_means_that_chance_does_not_explain_are_seen(shift: float, is_seen: bool) -> None:
    mean = numbers(1)
    ours, theirs = drawn(mean, range(100, 132), shift), drawn(mean, range(200, 232))
    assert bool(chance.means(ours, theirs)) == is_seen


def test_an_entry_that_no_draw_changes_is_held_to_its_value() -> None:
    fixed = [{"w": torch.ones(3)}] * 4
    assert chance.means(fixed, fixed) == ""
    for other in (1.001, float("nan")):
        assert chance.means(fixed, [{"w": torch.tensor([1.0, 1.0, other])}] * 4) != ""


def test_names_of_recipes_are_their_own() -> None:
    names = [mergekit_side.slug(case) for case in CASES] + [peft_side.slug(entry) for entry in COMBINATIONS]
    names += [adapted_side.slug(entry) for entry in (*APPLIED, *MERGES)]
    assert len(set(names)) == len(names)


def test_recipes_are_of_methods_that_there_are() -> None:
    known = {method.name for method in methods_of("merge")}
    assert {case.method for case in CASES} | {f"adapter_{entry.type}" for entry in COMBINATIONS} <= known
    assert {entry.method for entry in MERGES} <= known


def test_what_peft_gets_wrong_is_what_the_docs_list() -> None:
    assert {entry.defect for entry in (*COMBINATIONS, *APPLIED)} - {""} == {row.name for row in DIFFERENCES}
    assert PEFT.installs[-1] == (f"peft=={VERSION}",)


def test_adapters_of_recipes_are_in_their_tables() -> None:
    assert {name for entry in COMBINATIONS for name in entry.sources} == set(KINDS)
    assert {name for entry in MERGES for name in entry.adapters} <= {entry.name for entry in APPLIED}

"""Which stored tensors a plan reads of adapters and task vectors, which stand for the models that they make."""

from pathlib import Path
from typing import Any

import pytest

from tests.adapters import Net, adapter_folder
from tests.builders import mlp_state, model_folder
from tests.vectors import FORMS, vector_folder
from workers.contracts.parsing import parse
from workers.planning.check import check
from workers.planning.folder import facts_of_folder
from workers.planning.reads import reads_of
from workers.planning.references import references_of


def reads(document: dict[str, Any]) -> tuple[dict[int, set[str]], list[set[str]]]:
    """What the plan reads by position, and all that the folders hold in the order in which plans count them."""
    recipe = parse({"kind": "merge", "method": "task_arithmetic"} | document, local=True).recipe
    assert recipe is not None
    references = references_of(recipe)
    facts = {text: facts_of_folder(text) for _, _, text, _ in references}
    result = check(recipe, facts)
    assert result.plan is not None, result.findings
    return dict(reads_of(result.plan)), [set(facts[text].tensors) for _, _, text, _ in references]


def test_an_adapter_on_a_model_and_alone(tmp_path: Path) -> None:
    base = str(model_folder(tmp_path / "base", Net().state_dict(), config={"model_type": "net"}))
    one, two = (str(adapter_folder(tmp_path / name, seed=1)) for name in ("one", "two"))
    pair = {"model": base, "adapter": two}
    read, held = reads({"base": base, "sources": [{"model": one}, pair]})
    assert [read[position] for position in range(4)] == held


@pytest.mark.parametrize("form", FORMS)
def test_a_task_vector_over_a_base_with_an_adapter(form: str, tmp_path: Path) -> None:
    state = Net().state_dict()
    base = str(model_folder(tmp_path / "base", state, config={"model_type": "net"}))
    vector_folder(tmp_path / "vector", {"first.weight": state["first.weight"]}, form)
    one = str(adapter_folder(tmp_path / "one", seed=1, modules=("second",)))
    read, held = reads({"base": {"model": base, "adapter": one}, "sources": [str(tmp_path / "vector")]})
    assert read[0] == held[0]
    assert read[1] & held[1] == held[1]
    assert read[2] == held[2]


def test_plain_models_are_read_as_they_are_stored(tmp_path: Path) -> None:
    folders = [str(model_folder(tmp_path / name, mlp_state())) for name in "ab"]
    read, held = reads({"method": "linear", "sources": folders})
    assert [read[0], read[1]] == held

import importlib
import subprocess
import sys

import pytest

from tests.workers.planning.zoo import vit
from workers.contracts.kinds import KINDS, Kind
from workers.contracts.parsing import RECIPES, parse
from workers.contracts.recipes import Recipe
from workers.planning.references import references_of


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_kind_has_a_recipe_and_a_planner(kind: Kind) -> None:
    module, name = kind.recipe.split(":")
    recipe = getattr(importlib.import_module(module), name)
    assert issubclass(recipe, Recipe)
    assert RECIPES[kind.name] is recipe
    module, name = kind.planner.split(":")
    assert callable(getattr(importlib.import_module(module), name))


def test_references_stand_in_recipe_order_with_their_places() -> None:
    recipe = parse(
        {
            "kind": "merge",
            "method": "ties",
            "base": "a/base",
            "sources": ["a/x", {"model": "a/y"}],
            "evaluate": [{"data": "a/d"}],
        }
    ).recipe
    assert recipe is not None
    assert references_of(recipe) == [
        ("base", 0, "a/base", "base"),
        ("source", 0, "a/x", "sources[0].model"),
        ("source", 1, "a/y", "sources[1].model"),
    ]
    evaluation = parse({"kind": "evaluate", "models": ["a/x"], "data": [{"data": "builtin:digits"}]}).recipe
    assert evaluation is not None
    assert references_of(evaluation) == [
        ("model", 0, "a/x", "models[0]"),
        ("data", 0, "builtin:digits", "data[0].data"),
    ]


def test_checking_a_recipe_imports_neither_torch_nor_django() -> None:
    code = (
        "import sys, workers.planning.merge, workers.planning.evaluate, workers.planning.train, workers.planning.local, workers.contracts.parsing\n"
        "print(sorted(name for name in ('torch', 'django', 'transformers', 'numpy', 'safetensors') if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_facts_survive_the_database() -> None:
    facts = vit("a")
    assert type(facts).model_validate_json(facts.model_dump_json()) == facts

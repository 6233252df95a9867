"""What is chosen on validation data is worth as much on the test splits as the preset, on the zoo's digits."""

import json
import os
from statistics import mean

import pytest

from tests.claims import claim
from tests.zoo import trained
from workers.bench.cells import Study, merged, recipe_of
from workers.contracts.methods import method_get
from workers.demo import zoo

SEEDS = int(os.environ.get("SEEDS", "1"))
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def studies():
    return [Study(trained(SEEDS), seed) for seed in range(SEEDS)]


@claim(core_s=4)
def test_searched_weights_are_no_worse_than_the_presets(studies, tmp_path):
    gains = []
    for study in studies:
        validation = [{"data": str(study.cache / zoo.data_name(domain))} for domain in zoo.DOMAINS]
        search = {
            "strategy": "successive_halving", "open": {"weight": {"low": 0.25, "high": 1.0}, "lambda": {"low": 0.5, "high": 2.5}},
            "budget": {"trials": 13}, "metric": "accuracy", "data": validation,
        }  # fmt: skip
        row, scratch = method_get("merge", "ties"), tmp_path / str(study.seed)
        scratch.mkdir()
        chosen = merged(recipe_of(row, study.folders, study.seed, search=search), scratch)
        found = json.loads((chosen / "report.json").read_text())["search"]
        best = next(entry for entry in found["trials"] if entry["number"] == found["best"])
        start = mean(study.accuracy(chosen, "validation").values())
        assert best["value"] == pytest.approx(start, abs=0.01)
        worth = mean(study.normalised(chosen).values())
        chosen.rename(scratch / "chosen")
        gains.append(
            worth - mean(study.normalised(merged(recipe_of(row, study.folders, study.seed), scratch)).values())
        )
    assert mean(gains) >= -0.005

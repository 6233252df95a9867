"""The table that says how far to trust a ranking: what it is made of, and what it says of orders that are known."""

import numpy as np
import pytest
from safetensors.numpy import load_file

from workers.contracts.estimators import ESTIMATORS
from workers.demo.trust import SAMPLE, TARGETS, Target, sample_write, table_text

TUNED = [0.5, 0.6, 0.7, 0.8, 0.9, 0.95]


def table(order):
    scores = {row.name: [float(place) for place in order] for row in ESTIMATORS}
    return {"target": "noisy-digit", "tuned": TUNED, "scores": scores}


def test_a_ranking_in_the_right_order_has_everything_and_its_first_choice_is_the_best():
    text = table_text([table(range(6))], models=6)
    assert "LogME: mean ρ +1.00, mean τ +1.00, first choice 0.0 points below the best" in text
    assert f"A model chosen by chance: {100 * (0.95 - np.mean(TUNED)):.1f} points below the best" in text


def test_a_ranking_upside_down_costs_all_there_is_to_lose():
    assert "LogME: mean ρ -1.00, mean τ -1.00, first choice 45.0 points" in table_text(
        [table(range(6, 0, -1))], models=6
    )


@pytest.mark.parametrize("target", [Target(*target) for target in TARGETS], ids=lambda target: target.name)
def test_samples_are_labelled_by_what_is_asked_of_the_digits(target):
    digits = np.arange(10)
    labels = target.labels(digits)
    assert labels.dtype == np.int64
    assert len(np.unique(labels)) == {"digit": 10, "parity": 2, "loops": 3}[target.question]


def test_sample_and_measure_share_no_example(tmp_path):
    folder = sample_write(tmp_path, Target("rotated", "loops"))
    sample, measured = (load_file(folder / "data" / f"{split}.safetensors") for split in ("train", "validation"))
    assert len(sample["labels"]) == SAMPLE
    assert not set(sample["index"].tolist()) & set(measured["index"].tolist())

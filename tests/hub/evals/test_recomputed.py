"""A merge beside its parents and their base on three domains: every number worked out again from the kept answers alone.

Read with pyarrow, counted in plain Python, tested with statsmodels: nothing of the code under test is used.
"""

import io
from collections import Counter
from itertools import product

import numpy as np
import pyarrow.parquet as pq
import pytest
from django.core.cache import cache
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from hub.blobs.services import blob_bytes
from hub.evals.models import Evaluation
from hub.evals.selectors import comparison_of
from tests.factories.evals import make_model, make_result, parent, sha_of

DOMAINS = ("demo/clean", "demo/noisy", "demo/rotated")
# accuracy by model and domain: each parent knows one domain, the merge a bit of all
SKILLS = {"base": (0.9, 0.3, 0.3), "noisy": (0.8, 0.85, 0.3), "rotated": (0.8, 0.25, 0.9), "merge": (0.9, 0.7, 0.75)}
N = 180


@pytest.fixture
def merge(alice):
    cache.clear()
    base = make_model(alice, "base")
    noisy, rotated = (make_model(alice, name, parents=[parent(*base, "finetune_of")]) for name in ("noisy", "rotated"))
    made = make_model(alice, "merge", parents=[parent(*base, "base"), parent(*noisy), parent(*rotated)])
    draw = np.random.default_rng(20)
    gold = draw.integers(0, 10, N).astype(np.int32)  # the same examples in three forms
    for place, data in enumerate(DOMAINS):
        for name, model in (("base", base), ("noisy", noisy), ("rotated", rotated), ("merge", made)):
            prediction = np.where(draw.random(N) < SKILLS[name][place], gold, (gold + 1) % 10).astype(np.int32)
            order = draw.permutation(N)
            columns = {
                "gold": gold,
                "prediction": prediction,
                "correct": prediction == gold,
                "logprob": np.log(draw.random(N)),
            }
            make_result(
                alice,
                *model,
                {key: column[order] for key, column in columns.items()},
                data=data,
                examples=order.tolist(),
            )
    return made


@pytest.fixture
def kept(merge):
    """(model, domain) → {example: (gold, prediction)}, from the parquet."""
    found = {}
    for row in Evaluation.objects.select_related("repo", "predictions"):
        table = pq.read_table(io.BytesIO(blob_bytes(blob=row.predictions))).to_pylist()
        found[row.repo.name, row.data_name] = {
            line["example_sha"]: (line["gold"], line["prediction"]) for line in table
        }
    return found


@pytest.fixture
def comparison(merge):
    return comparison_of(*merge, user=None)


def share(answers):
    return sum(gold == said for gold, said in answers.values()) / len(answers)


def test_accuracy_of_each_model_on_each_domain(kept, comparison):
    for model, data in product(comparison.models, DOMAINS):
        name = model.reference.removeprefix("alice/")
        score, expected = model.per_domain[data], share(kept[name, data])
        assert score.accuracy == pytest.approx(expected, abs=1e-12)
        low, high = proportion_confint(round(expected * N), N, method="wilson")
        assert (score.low, score.high) == pytest.approx((low, high), abs=1e-9)
        assert model.mean.value == pytest.approx(np.mean([share(kept[name, domain]) for domain in DOMAINS]), abs=1e-12)


def test_flips_against_each_parent(kept, comparison):
    """On each domain McNemar's test by statsmodels; over all of them the signs of the examples, counted in whole numbers."""
    assert [row.parent for row in comparison.flips] == ["alice/noisy", "alice/rotated"]
    assert (comparison.pooling, comparison.sources, comparison.examples) == ("same", N, 3 * N)
    single = []
    for row in comparison.flips:
        tables, net = np.zeros((3, 2, 2), dtype=int), np.zeros(N, dtype=int)
        for place, data in enumerate(DOMAINS):
            old, new = kept[row.parent.removeprefix("alice/"), data], kept["merge", data]
            for number in range(N):
                (gold, before), (_, said) = old[sha_of(data, number)], new[sha_of(data, number)]
                tables[place, int(before == gold), int(said == gold)] += 1
                net[number] += int(said == gold) - int(before == gold)
            part = row.by_data[place]
            assert (part.data, part.gained, part.lost) == (data, tables[place, 0, 1], tables[place, 1, 0])
            assert part.p_value == pytest.approx(mcnemar(tables[place], exact=True).pvalue, rel=1e-9)
            single.append(part)
        assert [[row.both_wrong, row.gained], [row.lost, row.both_right]] == tables.sum(axis=0).tolist()
        assert row.test == "signs"
        assert row.p_value == pytest.approx(signs_counted(net), rel=1e-9)
    p_values = sorted(row.p_value for row in comparison.flips)
    assert sorted(row.p_adjusted for row in comparison.flips) == pytest.approx(
        [2 * p_values[0], max(2 * p_values[0], p_values[1])]
    )
    holm = multipletests([part.p_value for part in single], method="holm")[1]
    assert [part.p_adjusted for part in single] == pytest.approx(list(holm), rel=1e-9)


def signs_counted(net):
    """Of all choices of signs, the share whose sum lies as far from 0."""
    ways = {0: 1}
    for step in net[net != 0].tolist():
        found = Counter()
        for total, count in ways.items():
            found[total + step] += count
            found[total - step] += count
        ways = found
    return sum(count for total, count in ways.items() if abs(total) >= abs(net.sum())) / sum(ways.values())


def test_normalised_performance_and_forgetting(kept, comparison):
    ratios = []
    for row in comparison.kept:
        scores = {name: share(kept[name, row.data]) for name in SKILLS}
        best = max(("noisy", "rotated"), key=scores.__getitem__)
        assert row.specialist == f"alice/{best}"
        ratios.append(scores["merge"] / scores[best])
        assert row.normalised.value == pytest.approx(ratios[-1], abs=1e-12)
        assert row.normalised.low < ratios[-1] < row.normalised.high
        golds = [gold for gold, _ in kept["merge", row.data].values()]
        chance = max(golds.count(code) for code in set(golds)) / N
        assert row.above_chance == pytest.approx((scores["merge"] - chance) / (scores[best] - chance), abs=1e-12)
        lead = scores[best] - scores["base"]
        recovered = (scores["merge"] - scores["base"]) / lead if lead > 0 else None
        assert row.recovered == (pytest.approx(recovered, abs=1e-12) if recovered is not None else None)
        assert row.forgotten.value == pytest.approx(scores["base"] - scores["merge"], abs=1e-12)
    found = comparison.normalised
    assert (found.mean, found.least) == pytest.approx((np.mean(ratios), min(ratios)), abs=1e-12)
    assert (found.kept, found.tasks) == (sum(ratio >= 0.95 for ratio in ratios), 3)


def test_gain_over_the_best_parent(kept, comparison):
    means = {name: np.mean([share(kept[name, data]) for data in DOMAINS]) for name in SKILLS}
    best = max(("noisy", "rotated"), key=means.__getitem__)
    assert comparison.best_parent == f"alice/{best}"
    assert comparison.gain.value == pytest.approx(means["merge"] - means[best], abs=1e-12)
    assert comparison.gain.low < comparison.gain.value < comparison.gain.high

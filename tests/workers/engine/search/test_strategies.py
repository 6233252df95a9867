"""Strategies on problems whose best point is known."""

import itertools

import numpy as np
import pytest

from workers.contracts.parsing import parse
from workers.engine.search.cma_es import cma_es
from workers.engine.search.examples import share_of
from workers.engine.search.grid import grid
from workers.engine.search.halving import successive_halving
from workers.planning.search_space import Space, rungs_of


def space_of(open_, strategy="grid", method="ties", sources=2, **more):
    document = {
        "kind": "merge", "method": method, "base": "demo/base", "sources": [f"demo/{at}" for at in range(sources)],
        "search": {"strategy": strategy, "open": open_, "data": [{"data": "demo/digits"}]}, **more,
    }  # fmt: skip
    parsed = parse(document)
    assert parsed.recipe is not None, parsed.findings
    return Space(parsed.recipe)


def played(make, space, score, trials=40, examples=900, seed=0):
    """Every point asked, with its share and its score."""
    strategy, rows = make(space, trials, examples, seed), []
    asked = next(strategy)
    while True:
        scores = [score(point.values, point.share) for point in asked]
        rows += [(point.values, point.share, value) for point, value in zip(asked, scores, strict=True)]
        try:
            asked = strategy.send(scores)
        except StopIteration:
            return rows


def best_of(rows):
    widest = max(share for _, share, value in rows if value is not None)
    return max((row for row in rows if row[1] == widest and row[2] is not None), key=lambda row: row[2])[0]


def hill(values, share=1.0):
    """Best at 0.75 and 0.25."""
    return -((values["sources[0].weight"] - 0.75) ** 2) - (values["sources[1].weight"] - 0.25) ** 2


def test_a_grid_visits_every_point_once_and_finds_the_best():
    space = space_of({"weight": {}, "normalize": [True, False]})
    rows = played(grid, space, lambda values, share: hill(values) - 0.1 * values["normalize"], trials=60)
    assert len(rows) == space.size() == 50
    assert len({tuple(sorted(values.items())) for values, _, _ in rows}) == 50
    assert best_of(rows) == {"sources[0].weight": 0.75, "sources[1].weight": 0.25, "normalize": False}


def test_a_grid_over_methods_gives_each_the_numbers_that_it_has():
    space = space_of(
        {"method": ["ties", "task_arithmetic"], "lambda": [1.0, 2.0], "density": {"low": 0.1, "high": 0.5, "steps": 3}}
    )
    rows = [values for values, _, _ in played(grid, space, lambda values, share: 0.0)]
    assert sum(values["method"] == "ties" for values in rows) == 2 * 3
    assert all("density" not in values for values in rows if values["method"] == "task_arithmetic")
    assert {space.recipe_at(values).method for values in rows} == {"ties", "task_arithmetic"}


def test_cma_es_converges_on_a_bowl_within_its_bounds():
    space = space_of({"weight": {"low": 0.0, "high": 2.0}}, "cma_es")
    rows = played(cma_es, space, hill, trials=250)
    found = best_of(rows)
    assert hill(found) > -1e-5
    assert all(0.0 <= value <= 2.0 for values, _, _ in rows for value in values.values())
    assert rows[0][0] == space.start()


def test_cma_es_survives_points_without_a_score_and_one_number():
    space = space_of({"lambda": {"low": 0.0, "high": 4.0}}, "cma_es")
    rows = played(
        cma_es,
        space,
        lambda values, share: None if values["lambda"] > 2 else -((values["lambda"] - 1.6) ** 2),
        trials=120,
    )
    assert best_of(rows)["lambda"] == pytest.approx(1.6, abs=0.01)


@pytest.mark.parametrize("make", [cma_es, successive_halving])
def test_the_same_scores_lead_to_the_same_points_whatever_else_draws(make):
    space = space_of({"weight": {}, "density": {}}, "successive_halving")
    score = lambda values, share: hill(values) - abs(values["density"] - 0.3)  # noqa: E731
    first = played(make, space, score, seed=7)
    np.random.seed(1)
    before = np.random.get_state()[1].tolist()
    assert played(make, space, score, seed=7) == first
    assert np.random.get_state()[1].tolist() == before
    assert played(make, space, score, seed=8) != first


def test_halving_keeps_the_known_best_to_the_last_rung():
    space = space_of({"weight": {}}, "successive_halving")
    noisy = lambda values, share: hill(values, share) + (1 - share) * 1e-3  # noqa: E731
    rows = played(successive_halving, space, noisy, trials=40)
    assert [sum(1 for _, share, _ in rows if share == rung.share) for rung in rungs_of(40, 900)] == [
        25,
        9,
        3,
        1,
    ]  # the whole grid
    assert best_of(rows) == {"sources[0].weight": 0.75, "sources[1].weight": 0.25}


@pytest.mark.parametrize("trials", [4, 5, 13, 40, 41, 100, 1000])
@pytest.mark.parametrize("examples", [None, 20, 60, 200, 100_000])
def test_rungs_stay_within_the_budget_and_end_on_all_examples(trials, examples):
    rungs = rungs_of(trials, examples)
    assert sum(rung.points for rung in rungs) <= trials
    assert rungs[-1].share == 1
    assert all(later.points == sooner.points // 3 for sooner, later in itertools.pairwise(rungs))
    assert examples is None or len(rungs) == 1 or examples * rungs[0].share >= 20 * (1 - 1e-9)


class Rows:
    name, task, labels = "rows", "image-classification", ()

    def __len__(self):
        return 50

    def take(self, rows):
        return {"row": [int(row) for row in rows]}


def test_a_larger_share_of_the_examples_holds_the_smaller_one():
    held = [
        set(share_of(Rows(), share, 5).take(range(count))["row"]) for share, count in ((0.1, 5), (0.3, 15), (1.0, 50))
    ]
    assert held[0] < held[1] < held[2] == set(range(50))

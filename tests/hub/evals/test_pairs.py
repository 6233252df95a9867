"""Two results side by side: every number from single answers, and what is refused."""

import numpy as np
import pytest
from django.core.cache import cache
from statsmodels.stats.contingency_tables import mcnemar

from hub.core.errors import Invalid
from hub.evals import tasks
from hub.evals.models import Evaluation
from hub.evals.pairs import examples_changed, pair_kept, pair_of, pairs_of
from tests.factories.evals import make_evaluation, make_model, make_result, parent
from tests.factories.jobs import make_job
from tests.workers.statistics.answers import classified, modelled, predicted
from workers.statistics.mcnemar import mcnemar_exact


@pytest.fixture(autouse=True)
def _empty_cache():
    cache.clear()


@pytest.fixture
def models(alice):
    return [make_model(alice, name) for name in ("new", "old", "third")]


@pytest.fixture
def classes(alice, models):
    """Two models on the same 300 examples of 7 classes, in other orders; `old` is worse."""
    gold = classified(seed=0)["gold"]
    draw, rows = np.random.default_rng(1), []
    for (repo, commit), skill in zip(models[:2], (0.8, 0.65), strict=True):
        columns = classified(seed=0, skill=1) | {"gold": gold}
        prediction = np.where(draw.random(300) < skill, gold, draw.integers(0, 7, 300)).astype(np.int32)
        columns |= {"prediction": prediction, "correct": prediction == gold}
        columns["slice:writer"] = np.array(["left", "right"])[gold % 2]
        order = draw.permutation(300)
        shuffled = {name: column[order] for name, column in columns.items()}
        rows.append(make_result(alice, repo, commit, shuffled, examples=order.tolist()))
    return rows


def columns_by_example(row):
    from hub.evals.answers import answers_of

    found = answers_of(row)
    order = np.argsort(found.example_id)
    return {name: column[order] for name, column in found.columns.items()} | {
        f"slice:{name}": column[order] for name, column in found.slices.items()
    }


def test_everything_follows_from_the_single_answers(classes):
    found = pair_of(*classes)
    first, second = (columns_by_example(row) for row in classes)
    gained, lost = (first["correct"] & ~second["correct"]), (~first["correct"] & second["correct"])
    assert (found.n, found.dropped, found.metric, found.test) == (300, 0, "accuracy", "mcnemar")
    assert (found.flips.gained, found.flips.lost) == (gained.sum(), lost.sum())
    assert sorted(found.gained_ids) == np.flatnonzero(gained).tolist()
    assert sorted(found.lost_ids) == np.flatnonzero(lost).tolist()
    expected = mcnemar([[0, gained.sum()], [lost.sum(), 0]], exact=True).pvalue
    assert found.p_value == found.mcnemar_exact == pytest.approx(expected, rel=1e-9)
    assert found.mcnemar_mid_p < found.mcnemar_exact
    difference = first["correct"].mean() - second["correct"].mean()
    assert found.difference.value == pytest.approx(difference, abs=1e-12)
    assert found.flips.pfr.value - found.flips.nfr.value == pytest.approx(difference, abs=1e-12)
    assert found.difference.low < difference < found.difference.high
    assert found.is_clear
    assert found.agreement.value == (first["prediction"] == second["prediction"]).mean()
    both_wrong = ~first["correct"] & ~second["correct"]
    assert found.flips.changed_wrong == (both_wrong & (first["prediction"] != second["prediction"])).sum()
    assert [row.name for row in found.metrics] == ["accuracy", "nll", "f1_macro", "balanced_accuracy", "ece"]


def test_classes_and_slices_add_up_and_are_adjusted(classes):
    found = pair_of(*classes)
    for cuts in (found.classes, found.slices):
        assert sum(cut.n for cut in cuts) == 300
        assert sum(cut.gained for cut in cuts) == found.flips.gained
        assert all(cut.p_adjusted >= cut.p_value for cut in cuts)
        assert sum(cut.first * cut.n for cut in cuts) / 300 == pytest.approx(found.metrics[0].first)
    assert [(cut.column, cut.value) for cut in found.slices] == [("writer", "left"), ("writer", "right")]
    assert [cut.value for cut in found.classes] == [str(code) for code in range(7)]


def test_classes_go_by_their_names(alice, models, classes):
    Evaluation.objects.update(definition={"labels": list("abcdefg")})
    rows = [Evaluation.objects.get(pk=row.pk) for row in classes]
    assert [cut.value for cut in pair_of(*rows).classes] == list("abcdefg")


def test_calibration_of_both(classes):
    first, second = pair_of(*classes).calibration
    for row, found in zip(classes, (first, second), strict=True):
        assert found.ece == pytest.approx(row.metrics["ece"]["value"], abs=1e-12)
        assert sum(part.n for part in found.bins) == 300
        assert len(found.bins) == 15


def test_turned_round_everything_changes_sides(classes):
    there, back = pair_of(*classes), pair_of(*classes[::-1])
    assert (there.flips.gained, there.flips.lost) == (back.flips.lost, back.flips.gained)
    assert there.p_value == back.p_value
    assert there.difference.value == pytest.approx(-back.difference.value)


def test_a_result_beside_itself_is_the_same(classes):
    found = pair_of(classes[0], classes[0])
    assert (found.difference.value, found.difference.low, found.difference.high, found.p_value) == (0, 0, 0, 1)
    assert found.equivalence.is_same
    assert found.kappa.value == pytest.approx(1)
    assert found.smallest is None


def test_no_worse_needs_an_interval_inside_the_margin(alice, models):
    """Five of 100 differ each way: p is 1, and yet nobody knows that the first is no worse by a point."""
    first, second = ([1] * 90 + [1] * 5 + [0] * 5, [1] * 90 + [0] * 5 + [1] * 5)
    rows = [make_evaluation(alice, *model, answers) for model, answers in zip(models, (first, second), strict=False)]
    found = pair_of(*rows)
    assert found.p_value == 1
    assert (found.equivalence.is_same, found.equivalence.is_no_worse) == (False, False)


def test_losses_are_turned_so_that_above_zero_is_better(alice, models):
    better, worse = modelled(), modelled()
    worse["bits"] = worse["bits"] * 1.1
    rows = [
        make_result(alice, *model, columns, task="causal-lm")
        for model, columns in zip(models, (better, worse), strict=False)
    ]
    found = pair_of(*rows)
    assert (found.metric, found.test) == ("bits_per_byte", "bootstrap")
    assert found.difference.value == pytest.approx(found.metrics[0].second - found.metrics[0].first)
    assert found.difference.low > 0
    assert found.p_value < 0.01
    assert found.flips is None
    assert found.changes.gained.value == (0.1 * better["bits"] / better["bytes"] > 0.05).mean()
    assert found.changes.regress.value == 0
    assert found.equivalence is None


def test_scores_of_the_whole_have_a_paired_interval_too(alice, models):
    rows = [
        make_result(alice, *model, predicted(seed=seed), task="sentence-similarity")
        for seed, model in enumerate(models[:1])
    ]
    other = predicted(seed=0)
    other["prediction"] = other["prediction"] + np.random.default_rng(5).normal(0, 3, 200)
    rows.append(make_result(alice, *models[1], other, task="sentence-similarity"))
    found = pair_of(*rows)
    assert found.metric == "spearman"
    assert found.difference.low > 0
    assert found.changes is None
    assert found.classes == ()


def test_clusters_are_drawn_whole(alice, models):
    """Ten copies of 30 questions tell as much as the 30: McNemar would not know that."""
    draw, rows = np.random.default_rng(2), []
    for model, share in zip(models[:2], (0.75, 0.6), strict=True):
        correct = np.repeat(draw.random(30) < share, 10)
        columns = {"correct": correct, "cluster": np.repeat([f"passage {n}" for n in range(30)], 10)}
        rows.append(make_result(alice, *model, columns))
    found = pair_of(*rows)
    assert (found.clusters, found.test) == (30, "bootstrap")
    assert found.p_value > 10 * mcnemar_exact(found.flips.gained, found.flips.lost)
    assert (found.mcnemar_exact, found.mcnemar_mid_p) == (None, None)


def test_text_answers_that_changed_are_counted(alice, models):
    said = (["b", "x", "y"], ["b", "z", "y"])
    rows = [
        make_result(alice, *model, {
            "gold": ["b", "b", "b"], "prediction": words, "correct": [True, False, False], "token_f1": [1.0, 0.0, 0.0],
        }, task="generation")
        for model, words in zip(models, said, strict=False)
    ]  # fmt: skip
    found = pair_of(*rows)
    assert found.flips.changed_wrong == 1
    assert found.kappa is None
    (example,) = examples_changed(*rows, "changed_wrong")
    assert (example.example_id, example.gold, example.first, example.second) == (1, "b", "x", "z")


def test_many_at_once_are_adjusted_by_holm(alice, models):
    answers = ([1] * 90 + [0] * 10, [1] * 80 + [0] * 20, [1] * 84 + [0] * 16)
    first, *others = (make_evaluation(alice, *model, row) for model, row in zip(models, answers, strict=True))
    far, near = pairs_of(first, others)
    assert far.p_adjusted == pytest.approx(2 * far.p_value)
    assert near.p_adjusted == pytest.approx(max(near.p_value, far.p_adjusted))


@pytest.mark.parametrize(("kind", "ids"), [("gained", [1, 2]), ("lost", [3]), ("both_wrong", [4]), ("both_right", [0])])
def test_links_to_the_very_examples(alice, models, kind, ids):
    rows = [
        make_evaluation(alice, *model, row)
        for model, row in zip(models, ([1, 1, 1, 0, 0], [1, 0, 0, 1, 0]), strict=False)
    ]
    found = examples_changed(*rows, kind)
    assert [row.example_id for row in found] == ids
    assert {row.kind for row in found} == {kind}
    assert all((row.gold, row.first in (0, 1)) == (0, True) for row in found)


def test_largest_changes_of_a_score_come_first(alice, models):
    rows = [
        make_result(
            alice, *model, {"ndcg_at_10": scores, "recall_at_10": scores, "reciprocal_rank": scores}, task="retrieval"
        )
        for model, scores in zip(models, ([0.5, 0.9, 0.2, 0.5], [0.52, 0.1, 0.1, 0.9]), strict=False)
    ]
    assert [row.example_id for row in examples_changed(*rows, "gained")] == [1, 2]
    assert [row.example_id for row in examples_changed(*rows, "lost")] == [3]
    assert examples_changed(*rows, "both_wrong") == []


def test_equal_examples_are_matched_one_by_one(alice, models):
    examples = [0, 0, 1, 2]
    rows = [
        make_evaluation(alice, *model, row, examples=examples)
        for model, row in zip(models, ([1, 0, 1, 1], [1, 1, 0, 1]), strict=False)
    ]
    found = pair_of(*rows)
    assert (found.n, found.dropped) == (4, 0)
    assert (found.flips.gained, found.flips.lost) == (1, 1)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"definition_digest": "other"}, "different definitions"),
        ({"split": "train"}, "different definitions"),
        ({"data_name": "demo/noisy"}, "different definitions"),
        ({"predictions": None}, "were not kept"),
        ({"invalid": "The data was wrong."}, "The data was wrong."),
        ({"examples": 3_000_000}, "more than 20*00 examples"),
    ],
)
def test_what_cannot_be_put_side_by_side_is_refused(classes, change, words):
    first, second = classes
    Evaluation.objects.filter(pk=second.pk).update(**change)
    second = Evaluation.objects.get(pk=second.pk)
    for function in (pair_of, pair_kept, lambda one, two: examples_changed(one, two, "lost")):
        with pytest.raises(Invalid, match=words):
            function(first, second)


def test_other_examples_are_refused(alice, models):
    rows = [
        make_evaluation(alice, *model, [1] * 50, examples=range(start, start + 50))
        for model, start in zip(models, (0, 25), strict=False)
    ]
    with pytest.raises(Invalid, match="Fewer than 95%"):
        pair_of(*rows)


def test_no_such_kind_of_change(classes):
    with pytest.raises(Invalid, match="no kind of change"):
        examples_changed(*classes, "better")


def test_is_worked_out_by_a_worker_and_kept(classes, monkeypatch, django_capture_on_commit_callbacks):
    sent = []
    monkeypatch.setattr("hub.jobs.bell._send", lambda name, args, queue: sent.append((name, args)))
    with django_capture_on_commit_callbacks(execute=True):
        assert pair_kept(*classes) is None
        assert pair_kept(*classes) is None
    assert sent == [("hub.pair", [str(row.pk) for row in classes])]
    tasks.pair(*sent[0][1])
    monkeypatch.setattr("hub.evals.pairing.pair_compute", lambda *_: pytest.fail("computed again"))
    assert pair_kept(*classes) == pair_of(*classes)


def test_a_child_is_put_beside_its_parents_when_it_was_measured(alice, monkeypatch):
    a, b = make_model(alice, "a"), make_model(alice, "b")
    child = make_model(alice, "child", parents=[parent(*a), parent(*b)])
    rows = [make_evaluation(alice, *model, [1, 1, 0, 0] * 25) for model in (a, b, child)]
    job = make_job(alice, kind="evaluate")
    Evaluation.objects.filter(pk=rows[2].pk).update(job=job)
    tasks.compare(str(job.pk))
    monkeypatch.setattr("hub.evals.pairing.pair_compute", lambda *_: pytest.fail("computed again"))
    assert pair_kept(rows[2], rows[0]).n == 100
    assert pair_kept(rows[2], rows[1]).n == 100


def test_a_worker_survives_what_cannot_be_compared(classes):
    ids = [str(row.pk) for row in classes]
    Evaluation.objects.filter(pk=classes[1].pk).update(invalid="no")
    tasks.pair(*ids)
    classes[1].delete()
    tasks.pair(*ids)
    assert cache.get(f"pair:1:{ids[0]}:{ids[1]}") is None

"""A child beside its parents: numbers from single answers, rights, and repetitions from other seeds."""

import numpy as np
import pytest
from django.core.cache import cache

from hub.catalog.selectors import commit_resolve
from hub.catalog.services import branch_create, repo_create, repo_delete
from hub.evals.models import Evaluation
from hub.evals.selectors import comparison_of, evaluations_of
from hub.evals.tasks import compare
from tests.factories.evals import make_commit, make_evaluation, make_model, make_result, parent
from tests.factories.jobs import make_job
from tests.workers.statistics.answers import modelled, predicted

RIGHT_80 = [1] * 80 + [0] * 20
RIGHT_60 = [1] * 60 + [0] * 40
RIGHT_LAST_70 = [0] * 30 + [1] * 70


@pytest.fixture(autouse=True)
def _empty_cache():
    cache.clear()


@pytest.fixture
def family(alice):
    """base → a, b → child, all public, measured by each test as it likes."""
    base = make_model(alice, "base")
    a = make_model(alice, "a", parents=[parent(*base, "finetune_of")])
    b = make_model(alice, "b", parents=[parent(*base, "finetune_of")])
    child = make_model(alice, "child", parents=[parent(*base, "base"), parent(*a, weight=0.7), parent(*b)])
    return {"base": base, "a": a, "b": b, "child": child}


def measure(user, family, **correct):
    for name, answers in correct.items():
        make_evaluation(user, *family[name], answers)


def test_puts_child_first_then_parents_then_base(alice, family):
    measure(alice, family, base=RIGHT_60, a=RIGHT_60, b=RIGHT_LAST_70, child=RIGHT_80)
    found = comparison_of(*family["child"], user=None)
    assert [(model.reference, model.role) for model in found.models] == [
        ("alice/child", "child"), ("alice/a", "parent"), ("alice/b", "parent"), ("alice/base", "base"),
    ]  # fmt: skip
    assert [round(model.mean.value, 6) for model in found.models] == [0.8, 0.6, 0.7, 0.6]
    assert found.models[1].weight == 0.7
    assert found.base.reference == "alice/base"
    assert found.domains == ("demo/clean",)


def test_gain_is_over_the_best_parent_and_paired(alice, family):
    """Child and a are right on the same examples but for ten: paired, that is certain; unpaired it would not be."""
    measure(alice, family, base=RIGHT_60, a=[1] * 70 + [0] * 30, b=RIGHT_60, child=RIGHT_80)
    found = comparison_of(*family["child"], user=None)
    assert found.best_parent == "alice/a"
    assert found.gain.value == pytest.approx(0.1)
    assert found.gain.low == pytest.approx(0.04, abs=0.015)
    assert found.gain.high == pytest.approx(0.16, abs=0.015)


def test_counts_flips_against_each_parent(alice, family):
    measure(alice, family, base=RIGHT_60, a=RIGHT_60, b=RIGHT_LAST_70, child=RIGHT_80)
    found = comparison_of(*family["child"], user=None)
    against_a, against_b = found.flips
    assert (against_a.both_right, against_a.gained, against_a.lost, against_a.both_wrong) == (60, 20, 0, 20)
    assert (against_b.both_right, against_b.gained, against_b.lost, against_b.both_wrong) == (50, 30, 20, 0)
    for flips, other in ((against_a, 0.6), (against_b, 0.7)):
        assert (flips.gained - flips.lost) / 100 == pytest.approx(0.8 - other)
    assert against_a.p_value == pytest.approx(2 / 2**20)


def test_says_what_was_given_up_to_the_specialist_of_each_dataset(alice, family):
    for data, a, b in (("demo/clean", RIGHT_60, RIGHT_80), ("demo/noisy", [1] * 95 + [0] * 5, RIGHT_60)):
        make_evaluation(alice, *family["a"], a, data=data)
        make_evaluation(alice, *family["b"], b, data=data)
        make_evaluation(alice, *family["child"], RIGHT_80, data=data)
    found = comparison_of(*family["child"], user=None)
    clean, noisy = found.given_up
    assert (clean.parent, clean.difference.value) == ("alice/b", 0.0)
    assert clean.difference.includes_zero
    assert (noisy.parent, round(noisy.difference.value, 6)) == ("alice/a", -0.15)
    assert not noisy.difference.includes_zero


def test_adjusts_flips_for_the_number_of_parents(alice, family):
    measure(alice, family, a=RIGHT_60, b=[1] * 74 + [0] * 26, child=RIGHT_80)
    far, near = comparison_of(*family["child"], user=None).flips
    assert far.p_adjusted == pytest.approx(2 * far.p_value)
    assert near.p_adjusted == near.p_value == pytest.approx(2 / 2**6)


GOLD = [number * 7 % 10 for number in range(100)]


def answered(right, gold=GOLD):
    correct = np.arange(100) < right
    return {"gold": gold, "prediction": np.where(correct, gold, -1), "correct": correct}


def on_forms(user, family, forms, **right):
    """Each model on each dataset with as many right answers; `forms` says what else the answers of a dataset hold."""
    for name, share in right.items():
        for data, more in forms.items():
            make_result(user, *family[name], answered(share) | more, data=data)


def test_forms_of_the_same_examples_count_once(alice, family):
    """Two pictures of each digit: 20 digits gained, none lost, whatever 40 answers say. The same numbers, the same answers."""
    on_forms(alice, family, {"demo/clean": {}, "demo/noisy": {}}, a=60, child=80)
    found = comparison_of(*family["child"], user=None)
    (flips,) = found.flips
    assert (found.pooling, found.sources, found.examples) == ("same", 100, 200)
    assert (flips.gained, flips.lost, flips.test) == (40, 0, "signs")
    assert flips.p_value == pytest.approx(2 / 2**20)


def test_a_cluster_column_says_what_is_the_same_example(alice, family):
    """In another order, with other answers: the column that both definitions name decides."""
    forms = {
        "demo/clean": {"cluster": np.array([f"digit {number}" for number in range(100)])},
        "demo/noisy": {"cluster": np.array([f"digit {number}" for number in range(99, -1, -1)]), "gold": [0] * 100},
    }
    for name, right in (("a", 60), ("child", 80)):
        for data, more in forms.items():
            make_result(alice, *family[name], answered(right) | more, data=data, definition={"cluster": "index"})
    found = comparison_of(*family["child"], user=None)
    # right on 60..79 of clean, which are 20..39 of noisy: forty digits gained, one answer each
    assert (found.pooling, found.sources, found.flips[0].test) == ("same", 100, "signs")
    assert found.flips[0].p_value == pytest.approx(2 / 2**40)


def test_where_nothing_says_whether_examples_are_the_same_there_is_no_pooled_p(alice, family):
    on_forms(alice, family, {"demo/clean": {}, "demo/noisy": {"gold": [0] * 100}}, a=60, b=50, child=80)
    found = comparison_of(*family["child"], user=None)
    assert found.pooling == "unknown"
    assert [(row.gained, row.test, row.p_value, row.p_adjusted) for row in found.flips] == [
        (40, "", None, None), (60, "", None, None),
    ]  # fmt: skip


def test_questions_about_one_passage_are_no_single_answers(alice, family):
    passages = np.array([str(number // 5) for number in range(100)])
    on_forms(alice, family, {"demo/clean": {"cluster": passages}}, a=60, child=80)
    found = comparison_of(*family["child"], user=None)
    assert (found.pooling, found.sources, found.examples, found.flips[0].test) == ("one", 20, 100, "signs")
    assert found.flips[0].p_value == pytest.approx(2 / 2**4)  # four passages, all five answers of each gained


def test_says_what_was_kept_of_each_specialist_and_of_the_base(alice, family):
    """base 0.6, specialist (b) 0.9, child 0.8; a third of the examples have another class."""
    gold = [0] * 70 + [1] * 30
    for name, right in (("base", 60), ("a", 50), ("b", 90), ("child", 80)):
        correct = np.arange(100) < right
        columns = {
            "gold": gold,
            "prediction": np.where(correct, gold, 7),
            "correct": correct,
            "logprob": np.full(100, -0.1),
        }
        make_result(alice, *family[name], columns)
    found = comparison_of(*family["child"], user=None)
    (kept,) = found.kept
    assert (kept.data, kept.specialist, kept.chance) == ("demo/clean", "alice/b", 0.7)
    assert kept.normalised.value == pytest.approx(8 / 9)
    assert kept.normalised.low < 8 / 9 < kept.normalised.high < 1
    assert kept.above_chance == pytest.approx(0.5)
    assert kept.recovered == pytest.approx(2 / 3)
    assert kept.forgotten.value == pytest.approx(-0.2)
    assert kept.forgotten.high < 0
    assert (found.normalised.mean, found.normalised.kept, found.normalised.tasks) == (pytest.approx(8 / 9), 0, 1)


def test_a_specialist_no_better_than_chance_measures_nothing(alice, family):
    """Always naming the only class gets everything right: nobody is better than that."""
    measure(alice, family, a=RIGHT_60, child=RIGHT_80)
    found = comparison_of(*family["child"], user=None)
    assert (found.kept[0].normalised, found.kept[0].above_chance, found.normalised) == (None, None, None)


def test_losses_are_compared_in_the_direction_of_better(alice, family):
    columns = modelled(n=120)
    for name, factor in (("base", 2.0), ("a", 1.2), ("b", 1.5), ("child", 1.0)):
        make_result(alice, *family[name], columns | {"bits": columns["bits"] * factor}, task="causal-lm")
    found = comparison_of(*family["child"], user=None)
    assert (found.metric, found.unit, found.higher_is_better) == ("bits_per_byte", "bits", False)
    bits = columns["bits"].sum() / columns["bytes"].sum()
    assert found.child.mean.value == pytest.approx(bits)
    assert found.best_parent == "alice/a"
    assert found.gain.value == pytest.approx(0.2 * bits)
    assert found.gain.low > 0
    assert found.given_up[0].difference.value == pytest.approx(0.2 * bits)
    assert found.kept[0].normalised.value == pytest.approx(1.2)
    assert found.kept[0].recovered == pytest.approx((1.0 - 2.0) / (1.2 - 2.0))
    assert found.kept[0].forgotten.value == pytest.approx(-bits)
    assert found.flips == ()


def test_what_is_of_the_whole_alone_is_not_averaged(alice, family):
    for name in ("a", "child"):
        make_result(alice, *family[name], predicted(), task="sentence-similarity")
    assert comparison_of(*family["child"], user=None) is None


def test_a_root_of_a_mean_gives_way_to_a_mean(alice, family):
    for name in ("a", "child"):
        make_result(alice, *family[name], predicted(), task="tabular-regression")
    assert comparison_of(*family["child"], user=None).metric == "mae"


def test_numbers_of_different_definitions_are_not_mixed(alice, family):
    measure(alice, family, a=RIGHT_60)
    make_result(alice, *family["child"], {"correct": np.array(RIGHT_80, dtype=bool)}, definition_digest="d" * 64)
    assert comparison_of(*family["child"], user=None) is None
    make_result(alice, *family["a"], {"correct": np.array(RIGHT_60, dtype=bool)}, definition_digest="d" * 64)
    assert comparison_of(*family["child"], user=None).gain.value == pytest.approx(0.2)


def test_what_is_not_to_be_used_is_not_compared(alice, family):
    measure(alice, family, a=RIGHT_60, child=RIGHT_80)
    Evaluation.objects.filter(repo=family["a"][0]).update(invalid="other examples")
    assert comparison_of(*family["child"], user=None) is None


def test_each_dataset_stands_once_by_its_newest_definition(alice, family):
    for digest, correct in (("", RIGHT_60), ("d" * 64, RIGHT_80)):
        for name, answers in (("a", RIGHT_60), ("child", correct)):
            make_result(alice, *family[name], {"correct": np.array(answers, dtype=bool)}, definition_digest=digest)
    found = comparison_of(*family["child"], user=None)
    assert (found.domains, found.gain.value) == (("demo/clean",), pytest.approx(0.2))


def test_joins_on_content_not_on_place(alice, family):
    order = list(range(99, -1, -1))
    make_evaluation(alice, *family["a"], RIGHT_80)
    make_evaluation(alice, *family["child"], RIGHT_80[::-1], examples=order)
    found = comparison_of(*family["child"], user=None)
    assert (found.flips[0].gained, found.flips[0].lost) == (0, 0)


def test_drops_examples_without_a_match_and_says_so(alice, family):
    make_evaluation(alice, *family["a"], RIGHT_80)
    make_evaluation(alice, *family["child"], RIGHT_80[:97], examples=range(97))
    found = comparison_of(*family["child"], user=None)
    assert (found.dropped, found.examples) == (3, 97)


def test_does_not_compare_when_too_few_examples_match(alice, family):
    make_evaluation(alice, *family["a"], RIGHT_80)
    make_evaluation(alice, *family["child"], RIGHT_80, examples=range(50, 150))
    assert comparison_of(*family["child"], user=None) is None


def test_does_not_compare_without_kept_answers(alice, family):
    make_evaluation(alice, *family["a"], RIGHT_80, keeps_answers=False)
    make_evaluation(alice, *family["child"], RIGHT_80)
    assert comparison_of(*family["child"], user=None) is None


def test_prefers_the_test_split(alice, family):
    for split in ("validation", "test"):
        make_evaluation(alice, *family["a"], RIGHT_60, split=split)
        make_evaluation(alice, *family["child"], RIGHT_80, split=split)
    assert comparison_of(*family["child"], user=None).split == "test"


def test_names_parents_that_were_not_measured_on_the_same_data(alice, family):
    measure(alice, family, a=RIGHT_60, child=RIGHT_80)
    found = comparison_of(*family["child"], user=None)
    assert found.missing == ("alice/base", "alice/b")
    assert [model.reference for model in found.parents] == ["alice/a"]


@pytest.mark.parametrize("measured", [(), ("child",), ("a", "b"), ("child", "base")])
def test_nothing_to_compare(alice, family, measured):
    measure(alice, family, **dict.fromkeys(measured, RIGHT_80))
    assert comparison_of(*family["child"], user=None) is None


def test_counts_parents_that_the_reader_may_not_see_and_does_not_name_them(alice, charlie, family):
    measure(alice, family, a=RIGHT_60, b=RIGHT_80, child=RIGHT_80)
    hidden, _ = family["b"]
    hidden.visibility = "private"
    hidden.save()
    for_charlie, for_alice = (comparison_of(*family["child"], user=user) for user in (charlie, alice))
    assert for_charlie.hidden == 1
    assert "'alice/b'" not in str(for_charlie)
    assert for_alice.hidden == 0
    assert for_alice.best_parent == "alice/b"


def test_leaves_out_data_that_the_reader_may_not_read(alice, charlie, family):
    """Not its name, not its scores, not their share in a mean."""
    secret = repo_create(user=alice, type="dataset", namespace="alice", name="secret", visibility="private")
    for name, on_public, on_secret in (("a", RIGHT_60, RIGHT_80), ("child", RIGHT_80, RIGHT_60)):
        make_evaluation(alice, *family[name], on_public)
        make_evaluation(alice, *family[name], on_secret, data_repo=secret)
    repo, commit = family["child"]
    for_charlie, for_alice = (comparison_of(repo, commit, user=user) for user in (charlie, alice))
    assert for_charlie.domains == ("demo/clean",)
    assert for_charlie.gain.value == pytest.approx(0.2)
    assert for_alice.domains == ("alice/secret", "demo/clean")
    assert for_alice.gain.value == pytest.approx(0.0)
    assert [row.data_name for row in evaluations_of(repo)] == ["demo/clean"]
    assert [row.data_name for row in evaluations_of(repo, user=alice)] == ["alice/secret", "demo/clean"]


def test_what_was_measured_on_a_deleted_dataset_is_nobodys(alice, family):
    gone = repo_create(user=alice, type="dataset", namespace="alice", name="gone", visibility="private")
    make_evaluation(alice, *family["child"], RIGHT_80, data_repo=gone)
    repo_delete(user=alice, repo=gone)
    assert evaluations_of(family["child"][0], user=alice) == []


def test_words_changed_later_do_not_lose_the_measurement(alice, family):
    measure(alice, family, a=RIGHT_60, child=RIGHT_80)
    repo, commit = family["child"]
    later = make_commit(alice, repo, digest="child", note="a better card", parents=[parent(*family["a"])])
    assert later.oid != commit.oid
    assert [row.commit_oid for row in evaluations_of(repo)] == [commit.oid]
    assert comparison_of(repo, later, user=None).gain.value == pytest.approx(0.2)


def test_other_weights_have_no_measurement_yet(alice, family):
    measure(alice, family, a=RIGHT_60, child=RIGHT_80)
    repo, _ = family["child"]
    later = make_commit(alice, repo, digest="other weights", parents=[parent(*family["a"])])
    assert evaluations_of(repo) == []
    assert comparison_of(repo, later, user=None) is None


def test_shows_the_newest_evaluation(alice, family):
    measure(alice, family, child=RIGHT_60)
    measure(alice, family, child=RIGHT_80)
    (row,) = evaluations_of(family["child"][0])
    assert row.metrics["accuracy"]["value"] == 0.8


@pytest.fixture
def seeds(alice, family):
    """Child and parent of a second seed, on the branch seed-1; `main` and seed-0 are the first."""
    for name in ("a", "child"):
        repo, commit = family[name]
        branch_create(repo=repo, name="seed-0", start=commit)
        branch_create(repo=repo, name="seed-1", start=commit)
    a = make_commit(alice, family["a"][0], digest="a, seed 1", branch="seed-1")
    child = make_commit(
        alice, family["child"][0], digest="child, seed 1", branch="seed-1", parents=[parent(family["a"][0], a)]
    )
    return {"a": (family["a"][0], a), "child": (family["child"][0], child)}


def measure_two_seeds(user, family, seeds):
    measure(user, family, a=RIGHT_60, child=RIGHT_80)
    measure(user, seeds, a=RIGHT_80, child=[1] * 90 + [0] * 10)


def test_takes_repetitions_from_other_seeds_together(alice, family, seeds):
    make_commit(
        alice, family["child"][0], digest="child", parents=[parent(*family["a"])], note="only a", branch="seed-0"
    )
    make_commit(alice, family["child"][0], digest="child", parents=[parent(*family["a"])], note="only a")
    measure_two_seeds(alice, family, seeds)
    repo, _ = family["child"]
    found = comparison_of(repo, commit_resolve(repo, "main"), user=None)
    assert [(row.name, round(row.gain, 6)) for row in found.seeds] == [("seed-0", 0.2), ("seed-1", 0.1)]
    assert found.gain.value == pytest.approx(0.15)
    assert found.child.seed_means == pytest.approx((0.8, 0.9))
    assert found.child.mean.value == pytest.approx(0.85)


def test_a_repetition_of_another_shape_is_left_out(alice, family, seeds):
    """The first seed's child was compared with two parents, the second's with one: they are not the same study."""
    measure_two_seeds(alice, family, seeds)
    measure(alice, family, b=RIGHT_60)
    found = comparison_of(*family["child"], user=None)
    assert len(found.seeds) == 1


def test_a_commit_that_is_no_seed_stands_alone(alice, family, seeds):
    measure_two_seeds(alice, family, seeds)
    repo, _ = family["child"]
    other = make_commit(alice, repo, digest="third", parents=[parent(*family["a"])])
    make_evaluation(alice, repo, other, RIGHT_80)
    assert len(comparison_of(repo, other, user=None).seeds) == 1


def test_costs_a_bounded_number_of_queries(alice, family, django_assert_max_num_queries):
    measure(alice, family, base=RIGHT_60, a=RIGHT_60, b=RIGHT_LAST_70, child=RIGHT_80)
    with django_assert_max_num_queries(20):
        comparison_of(*family["child"], user=None)


def test_is_worked_out_by_a_worker_before_anybody_reads_it(alice, family, monkeypatch):
    measure(alice, family, base=RIGHT_60, a=RIGHT_60, b=RIGHT_60, child=RIGHT_80)
    job = make_job(alice, kind="evaluate")
    Evaluation.objects.update(job=job)
    compare(str(job.pk))
    monkeypatch.setattr("hub.evals.studies.comparison_compute", lambda *_, **__: pytest.fail("computed again"))
    found = comparison_of(*family["child"], user=None)
    assert found.models[0].mean.value == pytest.approx(0.8)

"""Making, changing and retiring benchmarks: who may, what is refused, and that versions keep their meaning."""

import json
import struct

import pytest

from hub.benchmarks.builtins import BUILTINS, builtins_sync
from hub.benchmarks.models import Benchmark, BenchmarkVersion
from hub.benchmarks.selectors import benchmark_get, benchmarks_visible, definition_resolve, version_resolve, versions_of
from hub.benchmarks.services import benchmark_create, benchmark_revise, example_hash_note, version_retire
from hub.benchmarks.troubles import trouble_note
from hub.catalog.models import Commit
from hub.catalog.services import repo_delete
from hub.catalog.squash import history_squash
from hub.config.housekeeping import collect
from hub.core.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from hub.jobs.models import Job
from tests.factories.benchmarks import make_benchmark, make_dataset
from tests.factories.catalog import make_commit, make_repo
from workers.contracts.naming import BUILTIN_DATA
from workers.contracts.recipes import Measure

pytestmark = pytest.mark.django_db


def names(user):
    return [row.benchmark.name for row in benchmarks_visible(user)]


def codes(error):
    return {finding.code for finding in error.value.findings}


def test_the_data_is_pinned_and_what_goes_without_saying_left_out(alice):
    data = make_dataset(alice, "alice/letters", rows=7)
    version = make_benchmark(alice, "letters", data="alice/letters", columns={"image": "images"})
    assert version.number == 1
    assert version.definition["data"] == f"alice/letters@{data.head}"
    assert version.definition["columns"] == {}
    assert version.definition["metrics"][0] == "accuracy"
    assert (version.data_repo, version.data_commit, version.examples) == (data, data.head, 7)


def test_a_limit_bounds_the_examples(alice):
    make_dataset(alice, "alice/letters", rows=7)
    assert make_benchmark(alice, "few", data="alice/letters", limit=3).examples == 3


@pytest.mark.parametrize(
    "name",
    [
        "Letters",
        "a b",
        "x@1",
        "-x",
        "x-",
        "a--b",
        "new",
        "",
        "é",
        ".a",
        "alice.",
        "alice.new",
        "bob.mine",
        "a..b",
        "x" * 97,
    ],
)
def test_refuses_names_that_do_not_fit_an_address(alice, name):
    with pytest.raises(Invalid):
        make_benchmark(alice, name)


def test_a_name_is_given_once(alice, charlie):
    make_benchmark(alice, "mine")
    with pytest.raises(Conflict):
        make_benchmark(charlie, "mine")
    with pytest.raises(Conflict):
        make_benchmark(charlie, "digits")
    assert Benchmark.objects.filter(name="mine").count() == 1


def test_the_name_of_a_benchmark_over_private_data_is_its_namespaces_alone(alice, charlie, lab):
    """Nobody learns by asking whether such a name is taken: the answer to a stranger is the same before and after."""
    make_dataset(alice, "lab/closed", visibility="private")

    def asked():
        with pytest.raises(Invalid) as error:
            make_benchmark(charlie, "lab.closed")
        return error.value.message

    before = asked()
    with pytest.raises(Refused) as error:
        make_benchmark(alice, "closed", data="lab/closed", namespace="lab")
    assert codes(error) == {"name_private"}
    made = make_benchmark(alice, "lab.closed", data="lab/closed", namespace="lab")
    assert version_resolve(user=alice, text="lab.closed@1") == made
    assert asked() == before
    assert make_benchmark(charlie, "closed").benchmark.name == "closed"


def test_only_who_writes_to_the_namespace_makes_one_there(alice, bob, charlie, lab):
    make_benchmark(bob, "of-the-lab", namespace="lab")
    with pytest.raises(Forbidden):
        make_benchmark(charlie, "not-his", namespace="lab")


def test_all_that_is_wrong_is_said_at_once(alice):
    make_dataset(alice, "alice/letters")
    with pytest.raises(Refused) as error:
        make_benchmark(
            alice, "wrong", data="alice/letters", split="train", metrics=["rmse"], labels=["a", "a"],
            columns={"sound": "x"}, colums={}, options={"text": "x" * 5000},
        )  # fmt: skip
    assert codes(error) == {
        "unknown_key", "split_missing", "metric_undefined", "too_long", "column_role_unknown", "duplicate_label", "option_invalid"
    }  # fmt: skip
    assert not Benchmark.objects.filter(name="wrong").exists()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"task": "image-clasification"}, "unknown_task"),
        ({"data": "alice/none"}, "not_found"),
        ({"data": "builtin:none"}, "not_found"),
        ({"data": ""}, "data_missing"),
        ({"limit": "many"}, "wrong_value"),
        ({"limit": 0}, "wrong_value"),
        ({"benchmark": "digits"}, "unknown_key"),
        ({"task": "causal-lm", "labels": ["a"]}, "labels_without_classes"),
        ({"options": {"fit": "never"}}, "option_invalid"),
        ({"task": "generation", "options": {"lm_eval_task": "../task.yaml"}}, "option_invalid"),
        ({"task": "tabular-classification"}, "column_missing"),
    ],
)  # fmt: skip
def test_refuses_a_definition_that_cannot_be_measured(alice, change, code):
    body = {"task": "image-classification", "data": "builtin:digits"} | change
    with pytest.raises(Refused) as error:
        benchmark_create(user=alice, name="x", title="X", definition=body, namespace="alice")
    assert code in codes(error)


REVIEWS = {"test.jsonl": [("Fine.", "good", 1.0), ("Broke.", "bad", None)], "train.jsonl": [("Fine.", "good", 1.0)] * 2}


def rows_make(user, name, files):
    lines = {
        path: "".join(json.dumps({"text": text, "label": label, "score": score}) + "\n" for text, label, score in held)
        for path, held in files.items()
    }
    return make_repo(user, name, type="dataset", files=lines)


@pytest.mark.parametrize(
    ("change", "errors", "warnings"),
    [
        ({}, set(), set()),
        ({"labels": ["bad", "good", "fair"]}, set(), set()),
        ({"labels": ["no", "yes"]}, {"label_mismatch"}, set()),
        ({"split": "train"}, set(), {"one_class"}),
        ({"task": "text-regression", "columns": {"target": "score"}}, {"data_null"}, set()),
        ({"task": "generation", "columns": {"question": "text", "answer": "label"}, "options": {"lm_eval_task": "nq_open_x"}},
         {"harness_unknown"}, set()),
        ({"task": "generation", "columns": {"question": "text", "answer": "label"}, "options": {"lm_eval_task": "gsm8k"}},
         {"harness_misfit"}, set()),
        ({"labels": ["no", "yes"], "metrics": ["rmse"], "slices": ["colour"]},
         {"label_mismatch", "metric_undefined", "column_missing"}, set()),
    ],
)  # fmt: skip
def test_what_the_data_says_already_is_said_when_it_is_made(alice, change, errors, warnings):
    rows_make(alice, "reviews", REVIEWS)
    body = {"task": "text-classification", "data": "alice/reviews"} | change
    if not errors:
        made = benchmark_create(user=alice, name="x", title="X", definition=body, namespace="alice")
        assert {entry["code"] for entry in made.noticed} == warnings
        return
    with pytest.raises(Refused) as error:
        benchmark_create(user=alice, name="x", title="X", definition=body, namespace="alice")
    assert codes(error) == errors


def test_a_picture_that_unpacks_to_gigabytes_is_refused_before_it_is_measured(alice):
    def picture(side):
        return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", side, side) + b"\x08\0\0\0\0"

    files = {f"test/{name}/1.png": picture(side) for name, side in (("cat", 8), ("dog", 20_000))}
    make_repo(alice, "pets", type="dataset", files=files)
    with pytest.raises(Refused) as error:
        make_benchmark(alice, "pets", data="alice/pets")
    assert codes(error) == {"picture_bomb"}
    assert "20\u2009000 × 20\u2009000" in error.value.findings[0].message


def test_classes_that_the_data_says_itself_change_no_digest(alice):
    rows_make(alice, "reviews", REVIEWS)
    plain = make_benchmark(alice, "plain", data="alice/reviews", task="text-classification")
    named = make_benchmark(alice, "named", data="alice/reviews", task="text-classification", labels=["bad", "good"])
    assert named.digest == plain.digest


def test_what_stopped_the_first_measurement_stands_with_the_benchmark_until_one_works(alice):
    version = make_benchmark(alice, "mine")
    bad = {
        "code": "data_null",
        "severity": "error",
        "message": "2 of 9 examples have no label.",
        "where": "data",
        "stage": "run",
    }

    def failed(*findings):
        job = Job(kind="evaluate", recipe={"data": [{"benchmark": "mine@1"}]}, error={"findings": list(findings)})
        trouble_note(job=job)
        version.refresh_from_db()
        return [found["message"] for found in version.trouble.get("findings", [])]

    assert failed(bad | {"where": "models"}, bad | {"code": "does_not_fit"}) == []
    assert failed(bad) == ["2 of 9 examples have no label."]
    example_hash_note(digest=version.digest, example_hash="e" * 64, examples=9)
    version.refresh_from_db()
    assert version.trouble == {}
    assert failed(bad) == []


@pytest.mark.parametrize("definition", [None, [], "task: x", {"task": object()}])
def test_refuses_what_is_no_definition(alice, definition):
    with pytest.raises(Refused):
        benchmark_create(user=alice, name="x", title="X", definition=definition, namespace="alice")


def test_data_one_may_not_read_is_not_there(alice, charlie, lab):
    make_dataset(alice, "lab/secret", visibility="private")
    make_benchmark(alice, "lab.secret", data="lab/secret", namespace="lab")
    with pytest.raises(Refused) as error:
        make_benchmark(charlie, "theirs", data="lab/secret")
    assert codes(error) == {"not_found"}


def test_who_may_see_it_is_who_may_read_its_data(alice, bob, charlie, lab):
    make_dataset(alice, "lab/secret", visibility="private")
    make_benchmark(alice, "lab.secret", data="lab/secret", namespace="lab")
    assert "lab.secret" in names(alice)
    assert "lab.secret" in names(bob)
    assert "lab.secret" not in names(charlie)
    assert "lab.secret" not in names(None)
    with pytest.raises(NotFound):
        benchmark_get(user=charlie, name="lab.secret")


def test_a_benchmark_whose_newest_data_is_closed_is_not_there(alice, bob, charlie, lab):
    make_dataset(alice, "lab/secret", visibility="private")
    make_benchmark(alice, "half-open", namespace="lab")
    benchmark_revise(user=alice, name="half-open", definition={"task": "image-classification", "data": "lab/secret"})
    with pytest.raises(NotFound):
        benchmark_get(user=charlie, name="half-open")
    assert benchmark_get(user=bob, name="half-open").number == 2
    assert benchmark_get(user=charlie, name="half-open", number=1).number == 1
    assert [row.number for row in versions_of(user=charlie, benchmark=Benchmark.objects.get(name="half-open"))] == [1]


def test_deleted_data_takes_the_benchmark_out_of_sight(alice):
    data = make_dataset(alice, "alice/letters")
    make_benchmark(alice, "letters", data="alice/letters")
    repo_delete(user=alice, repo=data)
    assert "letters" not in names(alice)


def test_a_change_is_a_new_version_and_the_old_one_stays(alice):
    first = make_benchmark(alice, "mine")
    second = benchmark_revise(
        user=alice,
        name="mine",
        definition={"task": "image-classification", "data": "builtin:digits", "limit": 50},
        title="Mine",
    )
    assert (second.number, second.benchmark.title) == (2, "Mine")
    assert second.digest != first.digest
    first.refresh_from_db()
    assert first.definition["limit"] is None


def test_the_same_definition_again_adds_nothing(alice):
    first = make_benchmark(alice, "mine")
    again = benchmark_revise(
        user=alice, name="mine", definition={"task": "image-classification", "data": "builtin:digits"}
    )
    assert again == first
    assert BenchmarkVersion.objects.filter(benchmark__name="mine").count() == 1


def test_new_data_under_the_same_name_needs_a_new_version(alice):
    data = make_dataset(alice, "alice/letters")
    first = make_benchmark(alice, "letters", data="alice/letters")
    make_commit(data, alice, {"notes.md": "more"})
    assert benchmark_get(user=alice, name="letters").definition["data"] == first.definition["data"]
    second = benchmark_revise(
        user=alice, name="letters", definition={"task": "image-classification", "data": "alice/letters"}
    )
    assert second.number == 2


def test_only_its_writers_change_it(alice, bob, charlie, lab):
    make_benchmark(alice, "of-the-lab", namespace="lab")
    body = {"task": "image-classification", "data": "builtin:digits", "limit": 9}
    assert benchmark_revise(user=bob, name="of-the-lab", definition=body).number == 2
    for deed in (
        lambda: benchmark_revise(user=charlie, name="of-the-lab", definition=body),
        lambda: version_retire(user=charlie, name="of-the-lab", number=1, reason="I do not like it."),
        lambda: benchmark_revise(user=charlie, name="digits", definition=body),
    ):
        with pytest.raises(Forbidden):
            deed()


def test_a_retired_version_is_measured_no_more(alice):
    make_benchmark(alice, "mine")
    version_retire(user=alice, name="mine", number=1, reason="Half of it was in the training data.")
    assert benchmark_get(user=alice, name="mine").retired
    with pytest.raises(Refused, match="Half of it"):
        version_resolve(user=alice, text="mine@1")


def test_a_name_stands_for_its_definition(alice):
    version = make_benchmark(alice, "mine", limit=5)
    assert definition_resolve(user=alice, measure=Measure(benchmark="mine")).digest == version.digest
    benchmark_revise(user=alice, name="mine", definition={"task": "image-classification", "data": "builtin:digits"})
    assert definition_resolve(user=alice, measure=Measure(benchmark="mine@1")).limit == 5
    assert definition_resolve(user=alice, measure=Measure(benchmark="mine")).limit is None


@pytest.mark.parametrize("text", ["none", "mine@9", "mine@0", "a b", "", "mine@"])
def test_names_that_stand_for_nothing(alice, text):
    make_benchmark(alice, "mine")
    with pytest.raises(NotFound):
        version_resolve(user=alice, text=text)


def test_its_data_is_kept_as_long_as_it_is_measured_with(alice):
    """Somebody squashes the history of the dataset: the commit that the benchmark pins is on no branch any more."""
    data = make_dataset(alice, "alice/letters")
    pinned = make_benchmark(alice, "letters", data="alice/letters").data_commit
    make_commit(data, alice, {"notes.md": "more"})
    history_squash(user=alice, repo=data, branch="main")
    is_there = Commit.objects.filter(repo=data, oid=pinned).exists
    for _ in range(2):
        collect(wait_days=0)
    assert is_there()
    version_retire(user=alice, name="letters", number=1, reason="It leaked.")
    for _ in range(2):
        collect(wait_days=0)
    assert not is_there()


def test_an_older_way_to_measure_is_refused(alice):
    version = make_benchmark(alice, "mine")
    version.definition["protocol"] = 0
    version.save()
    with pytest.raises(Refused, match="older way"):
        version_resolve(user=alice, text="mine")


def test_the_built_in_ones_are_everybodys_and_made_once():
    assert "digits" in names(None)
    before = BenchmarkVersion.objects.count()
    builtins_sync()
    assert BenchmarkVersion.objects.count() == before


def test_a_new_way_to_measure_gives_the_built_in_ones_a_new_version(monkeypatch):
    version = benchmark_get(user=None, name="digits")
    Benchmark.objects.get(name="digits").versions.update(digest="0" * 64)
    builtins_sync()
    assert benchmark_get(user=None, name="digits").number == version.number + 1


def test_somebodys_own_benchmark_keeps_its_name(alice):
    Benchmark.objects.filter(name="digits").delete()
    make_benchmark(alice, "digits", limit=3)
    builtins_sync()
    assert [row.definition["limit"] for row in BenchmarkVersion.objects.filter(benchmark__name="digits")] == [3]


def test_each_built_in_one_has_a_task_and_a_name_of_its_own():
    assert len({row.name for row in BUILTINS}) == len(BUILTINS)


def test_all_built_in_data_has_a_benchmark_that_anybody_could_have_made(alice):
    assert {row.data for row in BUILTINS} == set(BUILTIN_DATA)
    for row in BUILTINS:
        version = benchmark_get(user=None, name=row.name)
        assert (version.task, version.data_name, version.retired) == (row.task, row.data, "")
        assert version.examples > 0
        body = {"task": row.task, "data": row.data}
        assert make_benchmark(alice, f"my-{row.name}", **body).digest == version.digest

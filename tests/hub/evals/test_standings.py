"""Places on a leaderboard: from single answers, among the public entries, and for one meaning at a time."""

import io
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hub.benchmarks.models import BenchmarkVersion
from hub.benchmarks.selectors import by_name
from hub.blobs.services import blob_put
from hub.evals import standings
from hub.evals.leaderboards import leaderboard
from hub.evals.models import Standing
from hub.evals.standings import columns_of, standings_update
from hub.evals.tasks import rank, rank_all
from tests.databases import environment_of_children
from tests.factories.benchmarks import make_benchmark, make_entry
from tests.factories.evals import make_model
from workers.contracts.tasks import METRICS, TASKS

pytestmark = pytest.mark.django_db
N = 60
MOSTLY = {share: [1] * share + [0] * (N - share) for share in range(N + 1)}


@pytest.fixture
def version(alice):
    return make_benchmark(alice, "mine")


def entry(alice, version, name, right, visibility="public", **rest):
    repo, _ = make_model(alice, name, visibility=visibility)
    repo.refresh_from_db()
    answers = right if isinstance(right, list) else MOSTLY[right]
    return make_entry(alice, version, repo, answers, **rest)


def places(version, user=None):
    board = leaderboard(user=user, version=version)
    return {row.name.removeprefix("alice/"): row.rank for row in board.rows}


def answers_with(alice, found, **columns):
    """Its answers with other columns in place of its own, or beside them."""
    table = standings._read(found, ("example_sha", "correct"))
    buffer = io.BytesIO()
    pq.write_table(pa.table({**table, **columns}), buffer)
    return blob_put(chunks=[buffer.getvalue()], user=alice)


def test_equal_answers_share_places_and_clear_ones_do_not(alice, version):
    for name, right in (("best", 58), ("twin", 30), ("other-twin", 30), ("worst", 2)):
        entry(alice, version, name, right)
    assert standings_update(version.digest) == 4
    assert places(version) == {"best": (1, 1), "twin": (2, 2), "other-twin": (2, 2), "worst": (4, 4)}


def test_what_may_be_noise_overlaps(alice, version):
    shifted = [1] * 32 + [0] * 28
    entry(alice, version, "a", shifted)
    entry(alice, version, "b", shifted[::-1])
    standings_update(version.digest)
    assert places(version) == {"a": (1, 2), "b": (1, 2)}


def test_pairing_tells_apart_what_single_intervals_cannot(alice, version):
    """Nine more right and none lost: certain when paired, though the intervals of the two scores overlap."""
    entry(alice, version, "a", 39)
    entry(alice, version, "b", 30)
    standings_update(version.digest)
    assert places(version) == {"a": (1, 1), "b": (2, 2)}


def test_examples_are_joined_by_content_not_by_place(alice, version):
    first = entry(alice, version, "a", 40)
    second = entry(alice, version, "b", 40)
    table = standings._read(first, ("example_sha", "correct"))
    second.predictions = answers_with(alice, second, **{name: table[name][::-1] for name in ("example_sha", "correct")})
    second.save()
    standings_update(version.digest)
    assert places(version) == {"a": (1, 1), "b": (1, 1)}


def test_examples_that_belong_together_count_as_one(alice, version):
    """Twenty questions each about three texts: better at one whole text is no sure thing."""
    texts = [number // 20 for number in range(N)]
    for name, right in (("a", [1] * 40 + [0] * 20), ("b", [1] * 20 + [0] * 40)):
        found = entry(alice, version, name, right)
        found.predictions = answers_with(alice, found, cluster=[f"text {text}" for text in texts])
        found.save()
    standings_update(version.digest)
    assert places(version) == {"a": (1, 1), "b": (1, 2)}


def test_other_examples_get_no_place(alice, version):
    entry(alice, version, "a", 40)
    entry(alice, version, "short", [1] * 20)
    entry(alice, version, "without", 40, keeps_answers=False)
    assert standings_update(version.digest) == 1
    assert places(version) == {"a": (1, 1), "short": None, "without": None}


def test_private_entries_move_nobody_and_are_placed_among_all_that_their_reader_sees(alice, version):
    entry(alice, version, "open", 30)
    entry(alice, version, "secret", 58, visibility="private")
    entry(alice, version, "other-secret", 2, visibility="private")
    standings_update(version.digest)
    assert places(version) == {"open": (1, 1)}
    assert places(version, alice) == {"secret": (1, 1), "open": (1, 1), "other-secret": (3, 3)}


def test_invalid_and_undefined_numbers_have_no_place(alice, version):
    entry(alice, version, "good", 30)
    entry(alice, version, "cheat", 60, invalid="It was trained on the test split.")
    assert standings_update(version.digest) == 1


def test_working_it_out_again_replaces_what_was_there(alice, version):
    entry(alice, version, "a", 30)
    rank(version.digest)
    entry(alice, version, "b", 58)
    rank(version.digest)
    assert places(version) == {"b": (1, 1), "a": (2, 2)}
    assert Standing.objects.count() == 2


def test_every_night_all_boards_are_worked_out_again(alice, version, monkeypatch):
    """Somebody took a model out of sight, and the places close up."""
    entry(alice, version, "a", 30)
    best = entry(alice, version, "b", 58)
    rank(version.digest)
    best.repo.visibility = "private"
    best.repo.save()
    asked = []
    monkeypatch.setattr(rank, "delay", asked.append)
    rank_all()
    assert asked == [version.digest]
    rank(*asked)
    assert places(version) == {"a": (1, 1)}


def test_what_is_of_no_benchmark_has_no_places(alice, version):
    found = entry(alice, version, "a", 30)
    found.definition_digest = "0" * 64
    found.save()
    assert standings_update("0" * 64) == 0


def test_places_are_those_of_the_metric_that_the_board_is_ranked_by(alice, version):
    entry(
        alice,
        version,
        "a",
        30,
        metrics={"accuracy": {"value": 0.5, "low": 0.4, "high": 0.6}, "nll": {"value": 1.0, "low": 0.9, "high": 1.1}},
    )
    other = make_benchmark(alice, "same-by-nll", metrics=["nll"])
    assert other.digest == version.digest
    standings_update(version.digest)
    assert places(version) == {"a": (1, 1)}
    assert places(other) == {"a": None}


def test_above_the_memory_it_may_take_places_come_from_the_intervals(alice, version, monkeypatch):
    monkeypatch.setattr(standings, "MOST_CELLS", 10)
    entry(alice, version, "a", 58)
    entry(alice, version, "b", 2)
    entry(alice, version, "secret", 57, visibility="private", keeps_answers=False)
    assert standings_update(version.digest) == 3
    assert places(version) == {"a": (1, 1), "b": (2, 2)}


def test_every_metric_has_columns_that_its_tasks_keep():
    for metric in METRICS:
        for task in TASKS:
            if metric.name in task.metrics:
                assert set(columns_of(metric)) <= {name for name, _ in task.answers}


def test_loads_no_arrays_before_a_worker_does():
    code = "import os, sys; os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'hub.config.settings')\nimport django; django.setup()\nimport hub.evals.leaderboards, hub.evals.tasks, hub.evals.api.views\nprint('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment_of_children())
    assert done.stdout.strip() == "False", done.stderr


def test_another_benchmark_of_the_same_meaning_renames_nothing(alice, charlie, version):
    make_benchmark(charlie, "charlies")
    named = by_name(BenchmarkVersion.objects.filter(digest=version.digest))
    assert [row.benchmark.name for row in named] == ["digits", "mine", "charlies"]
    BenchmarkVersion.objects.filter(pk=version.pk).update(retired="Wrong labels.")
    assert [row.benchmark.name for row in named.all()] == ["digits", "charlies", "mine"]

"""Weights searched for NaN and infinity: when, once, and what becomes of a search that was lost."""

from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone

from hub.blobs.models import Blob
from hub.catalog import scanning
from hub.catalog.collecting import garbage_collect
from hub.catalog.models import WeightScan
from hub.catalog.scanning import scans_resume, scans_run
from hub.catalog.scans import scan_attach
from hub.catalog.selectors import commit_resolve, facts_of
from hub.catalog.services import repo_delete
from hub.recipes.services import recipe_check
from tests.factories.catalog import make_commit, make_model, make_repo, weights

pytestmark = pytest.mark.django_db

SHAPES = {"a.weight": (4, 2), "b.weight": (4,)}


def broken(**places: dict[int, float]) -> bytes:
    """SHAPES in zeros, with these numbers at these places of each tensor."""
    raw = weights(tensors=SHAPES)
    numbers = {name: np.zeros(shape, dtype=np.float32) for name, shape in SHAPES.items()}
    for name, held in places.items():
        for place, value in held.items():
            numbers[f"{name}.weight"].flat[place] = value
    body = b"".join(numbers[name].tobytes() for name in sorted(SHAPES))
    return raw[: len(raw) - len(body)] + body


def facts(repo):
    return scan_attach(facts_of(commit_resolve(repo, "main")))


def test_what_a_commit_brings_is_searched_once_whatever_repos_it_is_in(alice):
    bad = broken(a={1: np.nan, 2: np.inf, 3: -np.inf}, b={0: np.nan})
    repo = make_repo(alice, "one", files={"model.safetensors": bad})
    assert (facts(repo).scanned, facts(repo).not_finite) == (False, ())
    assert scans_run() == 1
    make_commit(repo, alice, {"README.md": "# Words"})
    other = make_repo(alice, "two", files={"unet/model.safetensors": bad})
    assert scans_run() == 0
    found = facts(repo)
    assert (found.scanned, found.not_finite_tensors) == (True, 2)
    assert [(item.name, item.nan, item.infinite) for item in found.not_finite] == [("a.weight", 1, 2), ("b.weight", 1, 0)]  # fmt: skip
    assert set(facts(other).tensors) >= {item.name for item in facts(other).not_finite}


def test_sound_weights_are_said_to_be_sound(alice):
    repo = make_model(alice)
    scans_run()
    assert (facts(repo).scanned, facts(repo).not_finite_tensors) == (True, 0)


def test_what_has_no_weights_is_not_waited_for(alice):
    repo = make_repo(alice, "words", files={"README.md": "# Words"})
    assert facts(repo).scanned is None
    assert not WeightScan.objects.exists()


def test_of_many_tensors_the_first_are_named_and_all_are_counted(alice):
    shapes = {f"layer.{index:03}": (1,) for index in range(60)}
    repo = make_repo(alice, "many", files={"model.safetensors": weights(fill=255, tensors=shapes)})
    scans_run()
    found = facts(repo)
    assert (len(found.not_finite), found.not_finite_tensors) == (20, 60)


def test_a_lost_search_is_taken_up_again(alice, monkeypatch):
    make_model(alice)
    monkeypatch.setattr(scanning, "_search", lambda blob: 1 / 0)
    scans_run()
    assert WeightScan.objects.get().state == "failed"
    monkeypatch.undo()
    assert (scans_run(), scans_resume(), scans_run()) == (0, 1, 1)
    WeightScan.objects.update(state="working")
    assert scans_run() == 0
    WeightScan.objects.update(updated_at=timezone.now() - timedelta(hours=2))
    assert scans_run() == 1
    assert WeightScan.objects.get().state == "done"


def test_weights_from_before_anybody_searched_are_found_at_night(alice):
    repo = make_model(alice)
    WeightScan.objects.all().delete()
    assert facts(repo).scanned is False
    assert (scans_resume(), scans_run()) == (1, 1)
    assert facts(repo).scanned is True


def test_a_search_keeps_no_file_alive(alice):
    repo = make_model(alice)
    scans_run()
    repo_delete(user=alice, repo=repo)
    for days in (1, 10, 20, 30):
        garbage_collect(now=timezone.now() + timedelta(days=days))
    assert not WeightScan.objects.exists()
    assert not Blob.objects.filter(pk__in=WeightScan.objects.values("pk")).exists()


def test_a_recipe_is_told_of_both(alice):
    make_repo(alice, "base", files={"model.safetensors": broken()})
    make_repo(alice, "good", files={"model.safetensors": broken(a={0: 1.0})})
    make_repo(alice, "bad", files={"model.safetensors": broken(a={0: np.nan})})
    document = {
        "kind": "merge", "method": "task_arithmetic", "base": "alice/base",
        "sources": [{"model": "alice/good"}, {"model": "alice/bad"}], "output": {"repo": "alice/merged"},
    }  # fmt: skip

    def told() -> list[tuple[str, str]]:
        found = recipe_check(user=alice, document=document).check.findings
        return [(entry.code, entry.where) for entry in found if entry.stage == "measured"]

    assert told() == [("not_scanned", "base"), ("not_scanned", "sources[0]"), ("not_scanned", "sources[1]")]
    scans_run()
    assert told() == [("weights_not_finite", "sources[1]")]

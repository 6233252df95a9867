"""Tokenizers at check: read for recipes that need them, of models that one may see, and never stored."""

import json

import pytest

from hub.catalog.models import Repo
from hub.recipes.services import recipe_check, recipe_submit
from tests.factories.jobs import make_repo
from tests.workers.jobs.vocabularies import family

pytestmark = pytest.mark.django_db


@pytest.fixture
def models(alice, tmp_path):
    """alice/cats, alice/code, alice/chats: public, each with a tokenizer of its own."""
    folders = family(tmp_path)
    return {name: make_repo(alice, name, visibility="public", folder=folder) for name, folder in folders.items()}


def document(*names, **more):
    sources = [{"model": f"alice/{name}"} for name in names]
    return {"kind": "merge", "method": "linear", "sources": sources, "output": {"repo": "alice/merged"}, **more}


def codes(report, severity="error"):
    return {finding.code for finding in report.check.findings if finding.severity == severity}


def test_a_union_is_planned_from_the_stored_files(alice, models):
    assert "vocabulary_mismatch" in codes(recipe_check(user=alice, document=document("cats", "chats")))
    report = recipe_check(user=alice, document=document("cats", "chats", tokenizer="union"))
    assert codes(report) == set()
    assert report.check.plan.vocabulary.order == (0, 1)
    assert "vocabulary_united" in codes(report, "info")
    rule = {"tokens": {"<x>": {"source": {"kind": "model_token", "model": "alice/cats", "token": "nowhere"}}}}
    assert "token_row_missing" in codes(recipe_check(user=alice, document=document("cats", "chats", tokenizer=rule)))


def test_a_transplant_is_planned_and_its_tokenizers_are_not_stored(alice, models):
    given = document("code", base="alice/cats", method="tokenizer_transplant", k=8)
    job, _ = recipe_submit(user=alice, document=given)
    assert job.request["plan"]["vocabulary"]["graft"]["approximation"] == "omp"
    assert "merges" not in json.dumps(job.request)


def test_the_tokenizer_of_a_model_one_may_not_see_is_not_there(alice, charlie, models):
    Repo.objects.filter(pk=models["code"].pk).update(visibility="private")
    report = recipe_check(user=charlie, document=document("cats", "code", tokenizer="union"))
    assert "not_found" in codes(report)
    assert "vocabulary_united" not in codes(report, "info")

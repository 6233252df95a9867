"""Fifty clients commit to one branch over the wire at the same moment."""

from collections import Counter
from collections.abc import Callable

import pytest
from django.http import HttpResponse

from hub.catalog.models import Commit, HeadEntry
from hub.catalog.selectors import commit_resolve
from hub.catalog.trees import state_read
from tests.factories.catalog import make_repo
from tests.hub.hfapi.client import Client, file_line
from tests.hub.together import together as at_once

pytestmark = pytest.mark.django_db(transaction=True)
CLIENTS = 50


def together(work: Callable[[int], HttpResponse]) -> list[HttpResponse]:
    """The answers of fifty clients at once. What a call raises is raised here."""
    answers = []
    for result in at_once(CLIENTS, work):
        if isinstance(result, Exception):
            raise result
        assert isinstance(result, HttpResponse)
        answers.append(result)
    return answers


def send(client: Client, index: int, **header: object) -> HttpResponse:
    return client.commit("alice/thing", [file_line(f"folder/file-{index}.txt", b"%d" % index)], **header)


def line_of(repo) -> list[Commit]:
    """From the head of main back to the first commit."""
    found = [commit_resolve(repo, "main")]
    while found[-1].parent_id:
        found.append(Commit.objects.get(pk=found[-1].parent_id))
    return found


def test_without_a_parent_all_of_them_land_in_some_order(alice):
    repo, client = make_repo(alice, "thing"), Client(alice)
    answers = together(lambda index: send(client, index))
    assert Counter(answer.status_code for answer in answers) == {200: CLIENTS}
    line = line_of(repo)
    assert len(line) == Commit.objects.filter(repo=repo).count() == CLIENTS + 1
    assert {answer.json()["commitOid"] for answer in answers} == {commit.oid for commit in line[:-1]}
    paths = {f"folder/file-{index}.txt" for index in range(CLIENTS)}
    assert set(state_read(line[0].tree_id)) == {".gitattributes", *paths}
    assert set(HeadEntry.objects.filter(ref__repo=repo).values_list("path", flat=True)) == {".gitattributes", *paths}
    sizes = [len(state_read(commit.tree_id)) for commit in line]
    assert sizes == list(range(CLIENTS + 1, 0, -1)), "each adds one file to the one before"


def test_of_a_parent_that_went_stale_all_but_one_get_412(alice):
    repo, client = make_repo(alice, "thing"), Client(alice)
    parent = repo.head
    answers = together(lambda index: send(client, index, parentCommit=parent))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 412: CLIENTS - 1}
    won = next(index for index, answer in enumerate(answers) if answer.status_code == 200)
    assert [commit.oid for commit in line_of(repo)] == [answers[won].json()["commitOid"], parent]
    assert set(state_read(commit_resolve(repo, "main").tree_id)) == {".gitattributes", f"folder/file-{won}.txt"}

"""Two people do the same thing to one repo at the same moment."""

import pytest

from hub.accounts.models import AuditEntry
from hub.catalog.errors import RepoMissing
from hub.catalog.models import Repo
from hub.catalog.services import repo_delete, repo_move
from tests.factories.catalog import make_repo
from tests.hub.together import together

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_repo_is_deleted_once(alice):
    pk = make_repo(alice, "thing").pk
    seen = [Repo.objects.select_related("namespace").get(pk=pk) for _ in range(4)]
    results = together(4, lambda index: repo_delete(user=alice, repo=seen[index]))
    assert sorted(str(type(result).__name__) for result in results) == ["NoneType", *["RepoMissing"] * 3]
    assert AuditEntry.objects.filter(action="repo.delete").count() == 1


def test_a_repo_is_moved_once(alice):
    pk = make_repo(alice, "thing").pk
    seen = [Repo.objects.select_related("namespace").get(pk=pk) for _ in range(4)]
    results = together(
        4, lambda index: repo_move(user=alice, repo=seen[index], namespace="alice", name=f"moved-{index}")
    )
    (moved,) = [result for result in results if isinstance(result, Repo)]
    assert sum(isinstance(result, RepoMissing) for result in results) == 3
    assert Repo.objects.get().full_name == moved.full_name
    assert AuditEntry.objects.filter(action="repo.move").count() == 1

"""The nightly look at sources: off unless asked for twice, by the administrator and for the import."""

from datetime import timedelta

import pytest
from django.utils import timezone

from hub.imports.models import Import
from hub.imports.refreshing import imports_refresh, tokens_forget
from hub.imports.services import import_start
from hub.jobs.models import Job, Notice
from hub.jobs.services import job_fail
from tests.factories.jobs import claim, key_of
from tests.hub.imports.fake_hub import COMMIT

pytestmark = pytest.mark.django_db


@pytest.fixture
def kept(alice, source, carry_out, settings):
    settings.IMPORT_REFRESH = True
    origin = import_start(user=alice, source="hf:ada/tiny", refresh=True)
    carry_out(origin.job)
    origin.refresh_from_db()
    return origin


def test_a_source_that_stood_still_costs_one_question_and_no_word(kept, source, carry_out):
    before, notices = kept.checked_at, Notice.objects.count()
    assert imports_refresh() == 1
    kept.refresh_from_db()
    asked = len(source.asked)
    carry_out(kept.job)
    kept.refresh_from_db()
    assert len(source.asked) == asked + 1
    assert kept.checked_at > before
    assert kept.source_commit == COMMIT
    assert Notice.objects.count() == notices


def test_a_source_that_moved_is_imported(kept, source, carry_out):
    source.commit, source.files = "e" * 40, {"README.md": b"# New\n"}
    imports_refresh()
    kept.refresh_from_db()
    carry_out(kept.job)
    kept.refresh_from_db()
    assert kept.source_commit == "e" * 40
    assert kept.repo.__class__.objects.get(pk=kept.repo.pk).head == kept.commit.oid


def test_one_look_at_a_time(kept):
    assert [imports_refresh(), imports_refresh()] == [1, 0]


@pytest.mark.parametrize(
    ("name", "value"), [("IMPORT_REFRESH", False), ("OFFLINE", True), ("IMPORT_HOSTS", ["https://hub.example"])]
)
def test_nothing_is_started_where_it_is_off(kept, settings, name, value):
    setattr(settings, name, value)
    assert imports_refresh() == 0
    assert Job.objects.count() == 1


def test_an_import_that_does_not_ask_for_it_is_left_alone(alice, source, carry_out, settings):
    settings.IMPORT_REFRESH = True
    carry_out(import_start(user=alice, source="hf:ada/tiny").job)
    assert imports_refresh() == 0


def test_the_token_of_a_failed_import_is_forgotten_after_a_day(alice, source):
    origin = import_start(user=alice, source="hf:ada/tiny", token="hf_x")
    job_fail(**key_of(claim("io")), code="user_error", message="No.")
    assert tokens_forget() == 0
    Job.objects.filter(pk=origin.job_id).update(finished_at=timezone.now() - timedelta(days=2))
    assert tokens_forget() == 1
    assert Import.objects.get().sealed_token == ""

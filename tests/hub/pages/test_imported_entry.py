"""The pages of an imported entry say where it came from and what of it is not here."""

import pytest
from django.test import Client

from hub.imports.models import Import
from hub.imports.services import import_start
from tests.hub.imports.conftest import at_once, carry_out, hubs, source  # noqa: F401  fixtures

pytestmark = pytest.mark.django_db


@pytest.fixture
def entry(alice, source, carry_out) -> Import:  # noqa: F811
    origin = import_start(user=alice, source="hf:ada/tiny", mode="metadata")
    carry_out(origin.job)
    origin.refresh_from_db()
    return origin


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_files_that_stayed_at_the_source_are_listed_and_can_be_mirrored(alice, entry, source):  # noqa: F811
    client = signed_in(alice)
    page = client.get("/alice/tiny/tree/main")
    text = page.content.decode()
    assert "At the source alone" in text
    assert "w.npy" in text
    assert "Mirror now" in text
    form = page.context["remote"]["form"]
    answer = client.post("/import", form)
    assert answer.status_code == 302, answer.content.decode()
    again = Import.objects.get()
    assert (again.pk, again.mode, again.job.state) == (entry.pk, "mirror", "queued")


def test_the_card_links_no_file_that_is_not_here(alice, entry):
    text = signed_in(alice).get("/alice/tiny").content.decode()
    assert "README.md" in text
    assert "blob/main/w.npy" not in text
    assert "Imported from" in text


def test_the_page_of_its_job_is_there_and_the_kinds_to_make_are_not_more(alice, entry):
    client = signed_in(alice)
    assert client.get(f"/jobs/{entry.job.number}").status_code == 200
    assert client.get("/make/import").status_code == 404
    assert "/make/import" not in client.get("/make").content.decode()
    assert client.get("/docs/import").status_code == 200

"""The import form: what it starts, what it refuses, whose imports it lists."""

import pytest

from hub.imports.models import Import

HOST = "http://other.test"


@pytest.fixture(autouse=True)
def _hosts(settings):
    settings.IMPORT_HOSTS = [HOST]
    settings.IMPORT_PRIVATE_HOSTS = ["other.test"]


def test_who_is_not_signed_in_is_sent_to_sign_in(db, browser):
    assert browser().get("/import")["Location"].startswith("/login")
    assert browser().post("/import", {"source": "org/name"}).status_code == 302


def test_the_form_starts_an_import_and_leads_to_its_job(browser, alice):
    answer = browser(alice).post(
        "/import", {"source": "org/tiny@v1", "mode": "mirror", "type": "model", "namespace": "alice", "all_refs": "on"}
    )
    made = Import.objects.get()
    assert answer["Location"] == f"/jobs/{made.job.number}"
    assert (made.remote, made.revision, made.mode, made.target, made.all_refs, made.refresh) == (
        "org/tiny", "v1", "mirror", "alice/tiny", True, False,
    )  # fmt: skip
    page = browser(alice).get("/import").content.decode()
    assert "org/tiny" in page
    assert f"/jobs/{made.job.number}" in page


@pytest.mark.parametrize(
    ("data", "words"),
    [({"source": "no-slash"}, "names no repo of another hub"), ({"source": "org/x", "namespace": "charlie"}, "may not put anything into"), ({"source": "org/x", "mode": "all"}, "is not a way to import"), ({"source": "org/x", "endpoint": "http://evil.test"}, "is not a hub that may be imported from")],
)  # fmt: skip
def test_a_bad_form_says_why_and_keeps_what_was_written(browser, alice, charlie, data, words):
    answer = browser(alice).post("/import", {"mode": "mirror", "type": "model", "namespace": "alice", **data})
    assert answer.status_code in (400, 403)
    assert words in answer.content.decode()
    assert f'value="{data["source"]}"' in answer.content.decode()
    assert not Import.objects.exists()


def test_a_token_for_the_other_hub_is_not_shown_again(browser, alice):
    client = browser(alice)
    answer = client.post("/import", {"source": "no-slash", "token": "hf_secretsecretsecretsecret"})
    assert "hf_secret" not in answer.content.decode()


def test_everybody_sees_their_own_imports_alone(browser, alice, charlie):
    browser(alice).post("/import", {"source": "org/tiny", "namespace": "alice"})
    assert "org/tiny" not in browser(charlie).get("/import").content.decode()


def test_an_offline_hub_says_so(browser, alice, settings):
    settings.OFFLINE = True
    page = browser(alice).get("/import").content.decode()
    assert "This hub is offline." in page

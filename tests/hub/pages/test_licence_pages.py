"""The verdict where people meet it: form, job, result; and the page that explains it."""

import pytest

from hub.catalog.models import Commit
from hub.jobs.models import Job
from hub.pages.licences import verdict_read
from hub.recipes.services import recipe_submit
from tests.builders import finetuned, mlp_state, model_folder
from tests.factories.jobs import make_repo

pytestmark = pytest.mark.django_db
CONFIG = {"architectures": ["Mlp"], "model_type": "mlp"}
RECIPE = """kind: merge
method: linear
sources:
  - {model: alice/open, weight: 1.0}
  - {model: alice/locked, weight: 1.0}
output: {repo: alice/merged}
"""


@pytest.fixture
def conflicting(alice, tmp_path):
    for seed, (name, licence) in enumerate((("open", "mit"), ("locked", "cc-by-nd-4.0"))):
        folder = model_folder(
            tmp_path / name,
            finetuned(mlp_state(seed=0), seed=seed),
            config=CONFIG,
            readme=f"---\nlicense: {licence}\n---\n",
        )
        make_repo(alice, name, visibility="public", folder=folder)


def posted(client, **more):
    return client.post("/make/merge", {"tab": "yaml", "text": RECIPE, "yaml": RECIPE, "key": "k" * 16, **more})


def test_the_form_names_input_and_clause(browser, alice, conflicting):
    page = browser(alice).post("/make/merge/check", {"tab": "yaml", "text": RECIPE, "yaml": RECIPE}).content.decode()
    assert "Licence of the result" in page
    assert "locked is under CC-BY-ND-4.0: nothing made of it may be passed on." in page
    assert "CC-BY-ND-4.0 § 2(a)(1)" in page
    assert "licence_reason" not in page


def test_root_overrides_on_the_form_and_the_job_shows_it(browser, alice, root, conflicting, settings):
    settings.LICENCE_POLICY = "block"
    reason = "The author gave us written permission."
    assert posted(browser(alice), send="1").status_code == 422
    page = posted(browser(alice), override="1", licence_reason=reason).content.decode()
    assert "Only an administrator of this hub may override a licence conflict." in page
    assert 'name="licence_reason"' in posted(browser(root)).content.decode()
    assert reason in posted(browser(root), override="1", licence_reason=reason).content.decode()
    job, _ = recipe_submit(user=alice, document=RECIPE)
    page = browser(alice).get(f"/jobs/{job.number}").content.decode()
    assert "root let it pass" in page
    assert reason in page
    assert Job.objects.count() == 1


def test_a_result_shows_the_verdict_as_it_was_then(browser, alice, conflicting):
    verdict = {
        "verdict": "review",
        "licence": "LicenseRef-combined",
        "reasons": ["<b>Two bind together.</b>"],
        "binding": [],
    }
    Commit.objects.filter(repo__full_name="alice/open").update(manifest={"kind": "merge", "licence": verdict})
    page = browser(alice).get("/alice/open").content.decode()
    assert "MIT, to be reviewed" in page  # among its facts, as beside the verdict
    assert "&lt;b&gt;Two bind together.&lt;/b&gt;" in page
    assert "As its manifest says; no job of this hub made it." in page


@pytest.mark.parametrize("raw", [None, 5, "deny", [], {"verdict": "fine"}, {"verdict": "allow", "binding": 7}, {}])
def test_what_is_no_verdict_is_not_shown(raw):
    assert verdict_read(raw) is None


def test_the_docs_explain_verdicts_and_list_the_table(browser, settings):
    page = browser().get("/docs/licences").content.decode()
    for words in (
        "This is not legal advice.",
        "Llama 3.1 Community License § 1.b",
        "LicenseRef-gemma",
        "<b>warns</b>",
        "distill",
    ):
        assert words in page
    settings.LICENCE_POLICY = "block"
    assert "<b>refuses</b>" in browser().get("/docs/licences").content.decode()
    assert "/docs/licences" in browser().get("/docs").content.decode()

"""The page of a ranking: best entry first, who was left out and why, links to what the reader may see."""

import pytest
from rest_framework.test import APIClient

from hub.catalog.models import Repo
from hub.evals.models import Ranking
from hub.jobs import bell
from hub.jobs.models import Job
from tests.factories.jobs import make_job
from tests.hub.api.zoo import make_dataset, make_model
from tests.hub.pages.test_make_pages import fields, press

pytestmark = pytest.mark.django_db


def model(name):
    return {"index": 0, "reference": f"{name}@main", "repo": name, "commit": ""}


@pytest.fixture
def ranked(alice, charlie):
    make_model(alice, "alice/best")
    make_model(charlie, "charlie/hidden", visibility="private")
    job = make_job(alice, kind="rank")
    rows = [("alice/best", 1, 0.25, 0.912), ("charlie/hidden", 2, -0.5, 0.5)]
    report = {
        "task": "image-classification", "examples": 200, "estimators": ["logme", "probe"], "ordered_by": "logme", "baseline": 0.12,
        "results": [
            {"model": model(name), "place": place, "scores": {"logme": logme, "probe": probe}, "places": {"logme": place, "probe": place}}
            for name, place, logme, probe in rows
        ],
        "left_out": [{"model": model("alice/broken"), "code": "nan_features", "message": "It gives NaN <b>or</b> infinity."}],
    }  # fmt: skip
    Ranking.objects.create(job=job, result=report)
    job.state = "succeeded"
    job.save()
    return job


def test_shows_every_score_best_first(browser, alice, ranked):
    page = browser(alice).get(f"/jobs/{ranked.number}").content.decode()
    assert "2 entries ranked" in page
    assert "alice/best comes first. Image classification: 200 examples, ordered by LogME." in page
    assert page.index('href="/alice/best"') < page.index('<th scope="row">charlie/hidden')
    assert "<b>91.2\u00a0%</b>" in page
    assert "\u22120.500" in page
    assert "/docs/ranking" in page


def test_marks_no_best_one_where_all_are_equal(browser, alice, ranked):
    for entry in ranked.ranking.result["results"]:
        entry["scores"]["probe"], entry["places"]["probe"] = 0.5, 1
    ranked.ranking.save()
    page = browser(alice).get(f"/jobs/{ranked.number}").content.decode()
    assert page.count("50.0\u00a0%</td>") == 2
    assert "<b>50.0" not in page


def test_warns_where_the_orders_disagree_and_the_probe_cannot_tell(browser, alice, ranked):
    report = ranked.ranking.result
    rows = [("a", 1, 3, 0.80), ("b", 2, 2, 0.81), ("c", 3, 1, 0.82)]
    report["results"] = [
        {"model": model(f"alice/{name}"), "place": place, "scores": {"logme": -place, "probe": probe}, "places": {"logme": place, "probe": other}}
        for name, place, other, probe in rows
    ]  # fmt: skip
    ranked.ranking.save()
    page = browser(alice).get(f"/jobs/{ranked.number}").content.decode()
    assert "Take care: the estimators disagree on the order (rank correlation down to −1.00)" in page
    report["results"][2]["scores"]["probe"] = 0.99  # 18 points, and 200 examples tell 6 apart
    ranked.ranking.save()
    assert "Take care" not in browser(alice).get(f"/jobs/{ranked.number}").content.decode()


def test_links_only_to_what_the_reader_may_see(browser, alice, ranked):
    page = browser(alice).get(f"/jobs/{ranked.number}").content.decode()
    assert 'href="/charlie/hidden"' not in page
    Repo.objects.filter(full_name="charlie/hidden").update(visibility="public")
    assert 'href="/charlie/hidden"' in browser(alice).get(f"/jobs/{ranked.number}").content.decode()


def test_says_who_was_left_out_and_why(browser, alice, ranked):
    page = browser(alice).get(f"/jobs/{ranked.number}").content.decode()
    assert "alice/broken" in page
    assert "It gives NaN &lt;b&gt;or&lt;/b&gt; infinity." in page


def test_rest_tells_the_same_to_whoever_may_see_the_job(alice, bob, ranked, django_assert_max_num_queries):
    client = APIClient()
    client.force_authenticate(alice)
    with django_assert_max_num_queries(3):
        (line,) = client.get("/api/v1/rankings").json()["results"]
    assert (line["job"], line["first"], line["ranked"], line["left_out"]) == (ranked.number, "alice/best", 2, 1)
    found = client.get(f"/api/v1/rankings/{ranked.number}").json()
    assert [(row["model"], row["place"]) for row in found["results"]] == [("alice/best", 1), ("charlie/hidden", 2)]
    assert found["results"][0]["scores"] == {"logme": 0.25, "probe": 0.912}
    assert found["left_out"][0]["message"].startswith("It gives NaN")
    assert client.get(f"/api/v1/rankings/{make_job(alice).number}").status_code == 404
    client.force_authenticate(bob)
    assert client.get("/api/v1/rankings").json()["results"] == []
    assert client.get(f"/api/v1/rankings/{ranked.number}").status_code == 404


def test_the_docs_say_how_far_to_trust_it(browser):
    page = browser().get("/docs/ranking").content.decode()
    assert "LogME" in page
    assert "by chance" in page
    assert "/docs/ranking" in browser().get("/docs").content.decode()


def test_is_asked_for_with_a_small_form(browser, alice, monkeypatch):
    """Without models every entry that fits is chosen."""
    monkeypatch.setattr(bell, "_send", lambda name, args, queue: None)
    make_model(alice, "alice/best")
    make_dataset(alice, "alice/sample", rows=40)
    client = browser(alice)
    data = fields(client.get("/make/rank").content.decode()) | {"f-data": "alice/sample"}
    answer = press(client, data, "send", kind="rank")
    job = Job.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/jobs/{job.number}")
    assert job.recipe["data"] == [{"data": "alice/sample", "split": "test"}]
    assert len(job.request["recipe"]["models"]) == 1

import re

import pytest

from hub.catalog.scanning import scans_run
from tests.factories.catalog import card, make_commit, make_model, make_repo, weights


@pytest.fixture
def shelf(alice):
    base = card(license="apache-2.0", pipeline_tag="image-classification")
    make_model(alice, "vision", readme=base)
    make_model(
        alice,
        "vision-tuned",
        fill=1,
        readme=card(license="mit", base_model="alice/vision", pipeline_tag="image-classification"),
    )
    make_repo(
        alice,
        "words",
        files={
            "model.safetensors": weights(tensors={"embed.weight": (64, 64)}),
            "README.md": card(license="mit", pipeline_tag="text-generation"),
        },
    )
    make_repo(alice, "rows", type="dataset", files={"README.md": card(license="cc-by-4.0")})


def names(page: str) -> list[str]:
    return re.findall(r'<div class="about-block"><h3><a class="name" href="/alice/([^"]+)"', page)


def listed(browser, query: str) -> list[str]:
    answer = browser().get(f"/models{query}")
    assert answer.status_code == 200
    return sorted(names(answer.content.decode()))


def test_shows_every_model_and_no_dataset(browser, shelf):
    assert listed(browser, "") == ["vision", "vision-tuned", "words"]


def test_words_narrow_the_list(browser, shelf):
    assert listed(browser, "?q=vision") == ["vision", "vision-tuned"]


def test_facets_narrow_the_list_together(browser, shelf):
    assert listed(browser, "?task=image-classification&licence=MIT") == ["vision-tuned"]


def test_parameter_ranges_narrow_the_list(browser, shelf):
    assert listed(browser, "?params_min=1K") == ["words"]


def test_a_chip_names_facet_and_value_and_removes_only_itself(browser, shelf):
    page = browser().get("/models?q=vision&licence=MIT&params_max=1000000").content.decode()
    chips = re.findall(
        r'class="chip" href="([^"]+)"><span class="visually-hidden">Remove the filter </span>([^<]+)<', page
    )
    assert ("/models?q=vision&amp;params_max=1000000", "Licence: MIT") in chips
    assert ("/models?q=vision&amp;licence=MIT", "up to 1\u00a0M parameters") in chips


def test_an_empty_list_offers_the_nearest_steps_back_with_counts(browser, shelf):
    page = browser().get("/models?q=vision&licence=CC0-1.0").content.decode()
    assert "No entry fits all of this" in page
    assert re.search(r'<a href="/models\?q=vision">Drop “Licence: CC0-1.0”</a></span><b>2</b>', page)
    assert re.search(r'<span class="ink3">Drop the words “vision”</span></span><b>0</b>', page)


def test_an_empty_hub_says_what_to_do(browser, db):
    assert "Or make it" in browser().get("/models").content.decode()


def test_the_same_query_is_offered_in_the_api(browser, shelf):
    page = browser().get("/models?q=vision&licence=MIT").content.decode()
    assert 'href="/api/v1/models?q=vision&amp;licence=MIT"' in page
    assert browser().get("/api/v1/models?q=vision&licence=MIT").json()["count"] == 1


def test_pages_follow_each_other_without_gaps(browser, shelf):
    client, url, seen = browser(), "/models?sort=name&limit=1", []
    for _ in range(5):
        page = client.get(url).content.decode()
        seen += names(page)
        following = re.search(r'<a href="([^"]+)" rel="next">', page)
        if not following:
            break
        url = following[1].replace("&amp;", "&")
    assert seen == ["vision", "vision-tuned", "words"]


@pytest.mark.parametrize("query", ["?sort=bogus", "?params_min=many", "?cursor=forged", "?limit=-1"])
def test_a_senseless_query_is_an_error_not_other_rows(browser, shelf, query):
    assert browser().get(f"/models{query}").status_code == 400


def test_words_of_the_query_are_escaped(browser, shelf):
    page = browser().get('/models?q="><script>alert(1)</script>').content.decode()
    assert "<script>alert(1)" not in page


def test_datasets_have_their_own_list(browser, shelf):
    page = browser().get("/datasets").content.decode()
    assert "/datasets/alice/rows" in page
    assert "/alice/vision" not in page


def test_measured_entries_show_score_interval_and_strip(browser, measured_family):
    page = browser().get("/models?q=merged").content.decode()
    assert "<b>87.5\u00a0%</b>" in page
    assert 'class="parent-mark"' in page or 'class="child-mark"' in page
    assert "not measured" not in page


def test_bars_under_the_parameter_range_follow_the_other_filters(browser, shelf):
    everything = browser().get("/models").content.decode()
    assert "Entries by number of parameters, log scale" in everything
    narrowed = browser().get("/models?params_min=1K").content.decode()
    assert narrowed.count('class="bar off"') > everything.count('class="bar off"')
    assert "Entries by number of parameters" not in browser().get("/models?licence=Apache-2.0").content.decode()


@pytest.mark.parametrize(
    ("licence", "words"),
    [
        ("Apache-2.0", "permissive"),
        ("CC-BY-4.0", "attribution"),
        ("GPL-3.0-only", "copyleft"),
        ("Something", "own terms"),
    ],
)
def test_licences_have_a_class_in_words(licence, words):
    from hub.pages.words import licence_class

    assert licence_class(licence) == words


def test_an_entry_of_another_task_shows_the_number_that_its_task_is_measured_by(browser, alice, zoo):
    from hub.evals.models import Evaluation

    metrics = {"bits_per_byte": {"value": 1.25, "low": 1.2, "high": 1.3, "n": 50}}
    rest = {"data_name": "builtin:python-text", "split": "test", "examples": 50, "task": "causal-lm"}
    Evaluation.objects.create(
        repo=zoo["open"], commit_oid=zoo["open"].head, metrics=metrics, metric="bits_per_byte", score=1.25, **rest
    )
    page = browser(alice).get("/models").content.decode()
    assert "1.25\u00a0bits" in page
    assert "bits per byte" in page


def test_a_number_that_is_not_to_be_used_is_not_shown(browser, alice, measured_family):
    from hub.evals.models import Evaluation

    assert "87.5\u00a0%" in browser(alice).get("/models?q=merged").content.decode()
    Evaluation.objects.filter(repo=measured_family["merged"]).update(invalid="Measured on its own training data.")
    assert "87.5\u00a0%" not in browser(alice).get("/models?q=merged").content.decode()


def test_the_tensors_of_an_entry_say_whether_they_hold_nan(browser, alice):
    make_repo(alice, "odd", files={"model.safetensors": weights(fill=255)})
    make_repo(alice, "even", files={"model.safetensors": weights()})
    assert "have not been searched for NaN" in browser().get("/alice/odd/tensors").content.decode()
    scans_run()
    told = browser().get("/alice/odd/tensors").content.decode()
    assert "2 tensors hold NaN or infinity." in told
    assert "8 NaN" in told
    assert "they hold none" in browser().get("/alice/even/tensors").content.decode()


def test_the_front_page_of_an_entry_tells_of_nan_and_leads_to_the_tensors(browser, alice):
    make_repo(alice, "odd", files={"model.safetensors": weights(fill=255)})
    make_repo(alice, "even", files={"model.safetensors": weights()})
    assert "NaN" not in browser().get("/alice/odd").content.decode()
    scans_run()
    told = browser().get("/alice/odd").content.decode()
    assert "2 tensors hold NaN or infinity." in told
    assert 'href="/alice/odd/tensors">See which</a>' in told
    assert "NaN" not in browser().get("/alice/even").content.decode()


def test_an_older_commit_leads_to_its_own_tensors(browser, alice):
    repo = make_repo(alice, "odd", files={"model.safetensors": weights(fill=255)})
    scans_run()
    commit = repo.refs.get(kind="branch").commit.oid
    make_commit(repo, alice, {"model.safetensors": weights()})
    scans_run()
    assert "NaN" not in browser().get("/alice/odd").content.decode()
    older = browser().get(f"/alice/odd?revision={commit}").content.decode()
    assert f'href="/alice/odd/tensors?revision={commit}">See which</a>' in older


def test_what_the_weights_of_a_gated_entry_hold_is_told_to_who_may_read_them(browser, alice, charlie):
    repo = make_repo(alice, "odd", files={"model.safetensors": weights(fill=255)})
    repo.gated = "manual"
    repo.save(update_fields=["gated"])
    scans_run()
    assert "NaN" not in browser(charlie).get("/alice/odd").content.decode()
    assert "2 tensors hold NaN or infinity." in browser(alice).get("/alice/odd").content.decode()

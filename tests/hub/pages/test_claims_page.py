"""What a card claims beside what was measured, on the page of a model."""

import pytest

from tests.factories.benchmarks import make_benchmark, make_dataset, make_entry
from tests.factories.catalog import card, make_model


def claim(value, *, name="letters", metric="accuracy", split="test") -> dict:
    return {
        "task": {"type": "image-classification"},
        "dataset": {"name": name, "type": "alice/letters", "split": split},
        "metrics": [{"type": metric, "value": value}],
    }


@pytest.fixture
def version(alice):
    make_dataset(alice, "alice/letters")
    return make_benchmark(alice, "letters", data="alice/letters")


def model_with(alice, *claims):
    index = [{"name": "letters-net", "results": list(claims)}]
    return make_model(alice, "net", readme=card(**{"license": "mit", "model-index": index}))


def page_of(browser, user=None) -> str:
    return browser(user).get("/alice/net").content.decode()


def test_a_claim_inside_the_interval_is_confirmed(browser, alice, version):
    repo = model_with(alice, claim(0.88))
    make_entry(alice, version, repo, [1] * 90 + [0] * 10)
    page = page_of(browser)
    assert "The card claims 1 number: 1 confirmed by what was measured here." in page
    assert "measured +2.0 points, 95\u00a0% interval −8.0 to +12.0 points." in page


def test_what_measurements_contradict_comes_first(browser, alice, version):
    repo = model_with(alice, claim(0.88), claim(0.5))
    make_entry(alice, version, repo, [1] * 90 + [0] * 10)
    page = page_of(browser)
    assert "The card claims 2 numbers: 1 contradicted, 1 confirmed by" in page
    assert page.index("50.0\u00a0%") < page.index("88.0\u00a0%")


def test_a_better_claim_than_measured_is_named_as_such(browser, alice, version):
    repo = model_with(alice, claim(0.99))
    entry = make_entry(alice, version, repo, [1] * 80 + [0] * 20)
    entry.metrics["accuracy"] |= {"low": 0.75, "high": 0.85}
    entry.save()
    page = page_of(browser)
    assert "contradicted" in page
    assert (
        "measured −19.0 points, 95\u00a0% interval −24.0 to −14.0 points. The card says better than was measured."
        in page
    )


def test_a_claim_that_nobody_measured_says_what_is_missing(browser, alice, version):
    model_with(alice, claim(0.9), claim(31.2, metric="bleu"))
    page = page_of(browser)
    assert page.count("not confirmed") >= 2
    assert "Nothing was measured on letters, test here." in page
    assert "This hub does not measure bleu." in page


def test_a_card_without_claims_shows_none(browser, alice):
    make_model(alice, "net")
    assert "Claimed and measured" not in page_of(browser)


def test_measurements_on_private_data_confirm_nothing_for_a_stranger(browser, alice, charlie, version):
    repo = model_with(alice, claim(0.9))
    make_entry(alice, version, repo, [1] * 90 + [0] * 10)
    version.data_repo.visibility = "private"
    version.data_repo.save()
    assert "confirmed by what" in page_of(browser, alice)
    assert "Nothing was measured on letters, test here." in page_of(browser, charlie)

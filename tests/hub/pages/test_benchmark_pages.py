"""Benchmarks on pages: list, detail with examples, the builder, versions, retirement; who may do what."""

import json
import re
import struct

import pytest

from hub.benchmarks.models import Benchmark
from hub.benchmarks.services import benchmark_revise
from hub.catalog.models import Repo
from tests.factories.benchmarks import make_benchmark, make_dataset, make_entry
from tests.factories.catalog import make_repo
from tests.factories.evals import make_model

REVIEWS = "".join(
    json.dumps({"sentence": text, "label": label, "source": "shop"}) + "\n"
    for text, label in [("Fine.", "good"), ("Broke at once.", "bad"), ("It holds.", "good")]
)
CARD = "---\nlicense: cc-by-4.0\n---\n# Reviews\n\nFrom a shop that closed.\n"


@pytest.fixture
def reviews(alice):
    return make_repo(alice, "reviews", type="dataset", files={"test.jsonl": REVIEWS, "README.md": CARD})


@pytest.fixture
def benchmark(alice, reviews):
    return make_benchmark(
        alice, "reviews", data="alice/reviews", task="text-classification", columns={"text": "sentence"}
    )


def made(**more) -> dict:
    return {
        "make": "1", "sent": "1", "data": "alice/reviews", "task": "text-classification", "split": "test", "column-text": "sentence",
        "column-label": "label", "metric": "f1_macro", "name": "mine", "title": "Mine", "namespace": "alice", **more,
    }  # fmt: skip


def text_of(answer) -> str:
    return answer.content.decode()


def test_the_list_names_built_in_and_own_benchmarks(browser, alice, benchmark):
    page = text_of(browser(alice).get("/benchmarks"))
    assert "built in" in page
    assert 'href="/benchmarks/reviews"' in page
    assert 'href="/benchmarks/reviews"' not in text_of(browser(alice).get("/benchmarks?task=causal-lm"))
    assert 'href="/benchmarks/reviews"' in text_of(browser(alice).get("/benchmarks?q=REVIEW"))


def test_a_benchmark_shows_its_examples_under_their_roles_and_the_card_of_its_data(browser, benchmark):
    page = text_of(browser().get("/benchmarks/reviews"))
    assert "text (sentence)" in page
    assert "Broke at once." in page
    assert "From a shop that closed." in page
    assert benchmark.digest[:12] in page
    assert "{benchmark: reviews}" in page


def test_examples_of_another_commit_are_not_shown_as_those_of_this_version(browser, alice, reviews, benchmark):
    from tests.factories.catalog import make_commit

    make_commit(reviews, alice, {"test.jsonl": '{"sentence": "Changed.", "label": "good"}\n'})
    page = text_of(browser().get("/benchmarks/reviews"))
    assert "Fine." in page
    assert "Changed." not in page


def test_built_in_data_shows_some_rows_and_says_why_texts_are_not_there(browser, db):
    page = text_of(browser().get("/benchmarks/digits"))
    assert page.count("data:image/png") == 16
    assert "Handwritten digits" in page
    assert "versicolor" in text_of(browser().get("/benchmarks/iris"))
    assert "so none are shown" in text_of(browser().get("/benchmarks/python-text"))


def test_versions_say_what_they_change_and_lead_to_each_other(browser, alice, benchmark):
    definition = {"task": "text-classification", "data": "alice/reviews", "columns": {"text": "sentence"}, "limit": 2}
    benchmark_revise(user=alice, name="reviews", definition=definition)
    page = text_of(browser().get("/benchmarks/reviews"))
    assert "changes how many examples" in page
    old = text_of(browser().get("/benchmarks/reviews?version=1"))
    assert "There is a newer version." in old
    assert "{benchmark: reviews@1}" in old


@pytest.mark.parametrize("version", ["0", "x", "99", "1e3", "²"])
def test_a_version_that_is_none_is_refused_or_not_found(browser, benchmark, version):
    assert browser().get("/benchmarks/reviews", {"version": version}).status_code in (400, 404)


def test_a_benchmark_over_private_data_is_not_there_for_a_stranger(browser, alice, charlie, reviews, benchmark):
    reviews.visibility = "private"
    reviews.save()
    assert browser(alice).get("/benchmarks/reviews").status_code == 200
    assert browser(charlie).get("/benchmarks/reviews").status_code == 404
    assert "reviews" not in text_of(browser(charlie).get("/benchmarks"))


def test_the_builder_asks_for_data_first_and_then_offers_its_columns(browser, alice, reviews):
    client = browser(alice)
    assert 'name="column-text"' not in text_of(client.get("/benchmarks/new"))
    page = text_of(client.get("/benchmarks/new?data=alice/reviews"))
    assert "Text classification</option>" in page
    assert '<option value="sentence" selected>' in page
    assert "test, 3 rows" in page


def test_the_builder_makes_what_was_filled_in(browser, alice, reviews):
    answer = browser(alice).post(
        "/benchmarks/new",
        made(**{"column-text": "source"}, slices=["sentence"], labels="good\nbad"),
    )
    assert answer["Location"] == "/benchmarks/mine"
    held = Benchmark.objects.get(name="mine").versions.get().definition
    assert held["columns"] == {"text": "source"}
    assert held["metrics"][0] == "f1_macro"
    assert held["slices"] == ["sentence"]
    assert held["labels"] == ["good", "bad"]
    assert held["data"].startswith("alice/reviews@")


def test_options_are_read_as_keys_and_values_where_the_task_has_some(browser, alice, reviews):
    client = browser(alice)
    assert 'name="options"' not in text_of(client.get("/benchmarks/new?data=alice/reviews"))
    assert "It knows max_length." in text_of(client.get("/benchmarks/new?data=builtin:python-text"))
    given = {"data": "builtin:python-text", "task": "causal-lm", "metric": "perplexity", "options": "max_length: 64"}
    client.post("/benchmarks/new", {"make": "1", "sent": "1", "name": "texts", "title": "Texts", **given})
    held = Benchmark.objects.get(name="texts").versions.get().definition
    assert held["options"] == {"max_length": 64}
    assert held["metrics"] == ["perplexity", "bits_per_byte"]


def test_what_is_wrong_is_said_all_at_once_and_nothing_is_lost(browser, alice, reviews):
    answer = browser(alice).post("/benchmarks/new", made(cluster="nowhere", labels="good\ngood", summary="Kept words."))
    page = text_of(answer)
    assert answer.status_code == 422
    assert "no column" in page
    assert "Given twice: good" in page
    assert "Kept words." in page
    assert not Benchmark.objects.filter(name="mine").exists()


@pytest.mark.parametrize(
    "more", [{"options": "- a\n- b"}, {"options": "{"}, {"limit": "many"}, {"data": "alice/absent"}, {"name": "Not A Name"}, {"title": ""}]
)  # fmt: skip
def test_bad_input_is_refused_in_words(browser, alice, reviews, more):
    answer = browser(alice).post("/benchmarks/new", made(**more))
    assert 400 <= answer.status_code < 500
    assert not Benchmark.objects.filter(name="mine").exists()


def test_a_benchmark_over_private_data_gets_the_namespace_before_its_name(browser, alice, reviews):
    Repo.objects.filter(pk=reviews.pk).update(visibility="private")
    assert "the namespace and a point are put before it" in text_of(
        browser(alice).get("/benchmarks/new?data=alice/reviews")
    )
    answer = browser(alice).post("/benchmarks/new", made(name="parity"))
    assert answer["Location"] == "/benchmarks/alice.parity"
    text = text_of(browser(alice).post("/benchmarks/new", made(name="parity")))
    assert text.count("There is a benchmark alice.parity already.") == 1


def test_what_is_wrong_with_a_name_stands_once_at_its_field(browser, alice, reviews):
    text = text_of(browser(alice).post("/benchmarks/new", made(name="no_good!")))
    assert text.count("is not a name for a benchmark") == 1
    at = text.index("is not a name for a benchmark")
    assert text.index('id="name"') < at < text.index('id="title"')


def test_a_new_version_starts_from_the_one_before(browser, alice, benchmark):
    client = browser(alice)
    page = text_of(client.get("/benchmarks/reviews/revise"))
    assert '<option value="sentence" selected>' in page
    answer = client.post("/benchmarks/reviews/revise", made(limit="2"))
    assert answer["Location"] == "/benchmarks/reviews"
    assert Benchmark.objects.get(name="reviews").versions.count() == 2


def test_only_writers_of_its_namespace_change_a_benchmark(browser, charlie, benchmark):
    client = browser(charlie)
    assert client.get("/benchmarks/reviews/revise").status_code == 403
    assert client.post("/benchmarks/reviews/revise", made()).status_code in (403, 404)
    assert client.post("/benchmarks/reviews/retire", {"number": 1, "reason": "It is wrong."}).status_code in (403, 404)
    assert "New version" not in text_of(client.get("/benchmarks/reviews"))
    assert browser().get("/benchmarks/new").status_code == 302


def test_a_retired_version_says_why(browser, alice, benchmark):
    client = browser(alice)
    client.post("/benchmarks/reviews/retire", {"number": "1", "reason": "Half of the labels are swapped."})
    page = text_of(client.get("/benchmarks/reviews"))
    assert "Half of the labels are swapped." in page
    assert "Evaluate my model" not in page


def test_the_page_of_a_dataset_leads_to_the_builder(browser, alice, reviews):
    assert "/benchmarks/new?data=alice/reviews" in text_of(browser(alice).get("/datasets/alice/reviews"))


def test_the_page_of_a_dataset_names_the_benchmarks_on_it(browser, alice, reviews, benchmark):
    page = text_of(browser().get("/datasets/alice/reviews"))
    assert 'href="/leaderboards/reviews"' in page
    make_repo(alice, "other", type="dataset", files={"test.jsonl": REVIEWS})
    assert "Benchmarks on it" not in text_of(browser().get("/datasets/alice/other"))


def test_the_page_of_a_dataset_shows_its_first_rows_and_its_classes(browser, alice, reviews):
    page = text_of(browser().get("/datasets/alice/reviews"))
    assert "Broke at once." in page
    assert "3 rows" in page
    assert re.search(r"<th scope=\"row\">good</th><td class=\"figure\">2</td>", page)
    bad = make_repo(
        alice,
        "mixed",
        type="dataset",
        files={"test.jsonl": '{"label": 1}\n{"label": "a"}\n', "train.csv": "text,label\na,x\n"},
    )
    page = text_of(browser(alice).get("/datasets/alice/mixed"))
    assert "Models cannot be measured on test." in page
    assert "has text in label, the rows before have whole numbers" in page
    assert "Models cannot be measured" not in text_of(browser(alice).get("/datasets/alice/mixed?split=train"))
    Repo.objects.filter(pk=bad.pk).update(gated="manual")
    page = text_of(browser().get("/datasets/alice/mixed?split=train"))
    assert "Only those with access to the dataset see its examples." in page


def test_a_picture_that_is_too_large_is_words_and_no_broken_image(browser, alice):
    head = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 20_000, 20_000)
    make_repo(alice, "pets", type="dataset", files={"test/cat/1.png": head, "test/dog/2 b.png": b"\x89PNG\r\n\x1a\n"})
    page = text_of(browser().get("/datasets/alice/pets"))
    assert "not shown: 20\u2009000 × 20\u2009000 pixels" in page
    assert "test/dog/2%20b.png" in page
    assert "test/cat/1.png" not in page[page.index('id="rows"') : page.index("<h2>Card")]


def test_the_builder_knows_the_classes_of_texts(browser, alice, reviews):
    page = text_of(browser(alice).get("/benchmarks/new?data=alice/reviews&task=text-classification"))
    assert ">bad\ngood</textarea>" in page


def test_a_benchmark_says_what_was_noticed_and_why_its_data_was_refused(browser, alice):
    make_repo(alice, "numbers", type="dataset", files={"test.csv": "text,label\na,0\nb,1\n"})
    made = make_benchmark(alice, "numbers", data="alice/numbers", task="text-classification")
    page = text_of(browser().get("/benchmarks/numbers"))
    assert "The labels 0–1 are numbers without names" in page
    assert "was refused" not in page
    made.trouble = {
        "at": "2026-11-20T10:00:00+00:00",
        "findings": [{"message": "Row 3 holds <b>NaN</b>.", "consequence": ""}],
    }
    made.save()
    page = text_of(browser().get("/benchmarks/numbers"))
    assert "The data was refused when this was measured on 20 Nov 2026." in page
    assert "&lt;b&gt;NaN" in page


def test_a_changed_benchmark_is_listed_with_the_versions_that_were_measured(browser, alice):
    make_dataset(alice, "alice/letters")
    make_entry(alice, make_benchmark(alice, "letters", data="alice/letters"), make_model(alice, "good")[0], [1, 0])
    definition = {"task": "image-classification", "data": "alice/letters", "limit": 3}
    benchmark_revise(user=alice, name="letters", definition=definition)
    page = " ".join(browser().get("/leaderboards").content.decode().split())
    assert "version 2 not measured yet;" in page
    assert '<a href="/leaderboards/letters?version=1">version 1: 1 model</a>' in page
    unmeasured = page.partition("Nobody measured yet")[2]
    assert "/benchmarks/letters" not in unmeasured

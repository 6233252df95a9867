"""A search on the page of its result and in the form."""

import csv
import io
import json

import pytest
from django.http import QueryDict

from hub.pages.making.merge_form import document_of, form_fits, form_of
from hub.pages.merged.barrier import barrier_figures
from hub.pages.merged.search import search_figures, searched_of
from tests.factories.catalog import make_commit, make_repo, weights
from workers.contracts.manifests import Manifest

pytestmark = pytest.mark.django_db


def trial(number, value, **more):
    values = more.pop("values", {"sources[0].weight": number / 4, "sources[1].weight": 0.5})
    return {
        "number": number, "values": values, "value": value, "low": None if value is None else value - 0.05,
        "high": None if value is None else value + 0.05, "examples": 300, "share": 1.0, "error": "", "seconds": {"merge": 0.1, "answer": 0.3}, **more,
    }  # fmt: skip


def report_of(*trials, best=2, **more):
    search = {
        "strategy": "grid", "metric": "accuracy", "metric_label": "Accuracy", "higher_is_better": True, "best": best, "trials": list(trials),
        "data": [{"data": "demo/digits-clean", "split": "validation"}],
        "axes": [{"key": f"sources[{at}].weight", "name": "weight", "label": "Weight", "source": f"demo/{name}"} for at, name in enumerate("ab")],
        **more,
    }  # fmt: skip
    return {"schema": 1, "kind": "merge", "search": search, "cost": {"wall_s": 3.0}}


GOOD = report_of(trial(1, 0.8), trial(2, 0.9), trial(3, None, error="The weights sum to 0."))


def test_every_trial_is_drawn_and_told_with_the_best_so_far(alice):
    repo = make_repo(alice, "merged")
    ((name, figure),) = search_figures(repo, GOOD, "main")
    assert name == "trials"
    assert figure.title == "Trial 2 of 3 is the best: accuracy 0.9 on 300 examples"
    assert "trial 1, has 0.8, the best 0.9 on the same 300 examples." in figure.sentence
    assert "validation of digits-clean" in figure.sentence
    assert "what the result is worth is measured on others" in figure.sentence
    assert figure.table.head[1:3] == ["Weight of a", "Weight of b"]
    assert [row[-1] for row in figure.table.rows] == ["as it stood", "best", "The weights sum to 0."]


def test_rounds_on_more_examples_are_lines_of_their_own_and_compared_on_the_same_ones(alice):
    few, all_ = {"share": 1 / 3, "examples": 100}, {"values": {"sources[0].weight": 0.5, "sources[1].weight": 0.5}}
    rows = [trial(1, 1.0, **few), trial(2, 1.0, **few), trial(3, 0.9, **few), trial(4, 0.98, **all_)]
    figure = dict(search_figures(make_repo(alice, "merged"), report_of(*rows, best=4), "main"))["trials"]
    assert figure.title == "Trial 4 of 4 is the best: accuracy 0.98 on 300 examples"
    assert [name for _, name in figure.legend] == ["1 trial on 300 examples", "3 trials on 100 examples"]
    assert (
        "trial 1, has 1, the best 1 on the same 100 examples, the most that both were measured on." in figure.sentence
    )


def test_two_open_numbers_make_a_map_and_one_a_curve(alice):
    repo = make_repo(alice, "merged")
    pairs = [(one, other) for one in (0.0, 0.5, 1.0) for other in (0.0, 1.0)]
    rows = [
        trial(place, 0.5 + place / 100, values={"sources[0].weight": one, "sources[1].weight": other})
        for place, (one, other) in enumerate(pairs, start=1)
    ]
    figures = dict(search_figures(repo, report_of(*rows, best=6), "main"))
    assert figures["answer"].title == "Best at weight of a 1 and weight of b 1"
    assert len(figures["answer"].table.rows) == 2
    axis = [{"key": "lambda", "name": "lambda", "label": "Scale (λ)", "source": None}]
    line = [trial(place, value, values={"lambda": place / 2}) for place, value in ((1, 0.3), (2, 0.2), (3, 0.4))]
    found = dict(search_figures(repo, report_of(*line, best=2, axes=axis, higher_is_better=False), "main"))["answer"]
    assert found.title == "Accuracy is best at a scale (λ) of 1"
    assert "Lower is better." in found.sentence


@pytest.mark.parametrize(
    "search",
    [None, 3, {}, {"trials": "no"}, {"trials": [3, {"number": "x"}], "best": 1}, {"trials": [{"number": 1, "value": "0.5"}], "best": 1},
     {"trials": [{"number": 1, "value": 0.5, "values": [], "seconds": 3}], "best": 1, "axes": [3], "data": {"a": 1}}],
)  # fmt: skip
def test_a_report_of_anybody_breaks_no_page(alice, search):
    repo = make_repo(alice, "merged")
    for _, figure in search_figures(repo, {"search": search}, "main"):
        assert figure.table.rows


def test_the_result_page_shows_the_search_and_gives_its_figures(browser, alice):
    repo = make_repo(alice, "merged")
    recipe = {
        "kind": "merge",
        "method": "ties",
        "base": "demo/base",
        "sources": [{"model": "demo/a", "parameters": {"weight": 0.5}}],
    }
    manifest = Manifest(artifact="model", kind="merge", method="ties", recipe=recipe)
    report = json.dumps(GOOD)
    make_commit(repo, alice, {"model.safetensors": weights(), "report.json": report}, manifest=manifest)
    page = browser().get("/alice/merged/result").content.decode()
    assert "How it was chosen" in page
    assert "weight: 0.5" in page
    table = list(csv.reader(io.StringIO(browser().get("/alice/merged/result/layers.csv?of=trials").content.decode())))
    assert len(table) == 4
    assert browser().get("/alice/merged/result/layers.csv?of=answer").status_code == 404


SEARCH = {
    "strategy": "grid", "open": {"method": ["ties", "dare_ties"], "weight": {"low": 0.1, "high": 0.9, "steps": 3}, "density": {}},
    "data": [{"data": "demo/digits-clean"}, {"data": "demo/digits-noisy", "split": "train"}], "budget": {"trials": 99}, "metric": "nll", "seed": 4,
}  # fmt: skip


def document(search=None, **more):
    found = {
        "kind": "merge",
        "method": "ties",
        "base": "demo/base",
        "sources": [{"model": "demo/a"}, {"model": "demo/b"}],
        "seed": 0,
        **more,
    }
    return found | ({"search": search} if search else {})


def posted(form):
    data = QueryDict(mutable=True)
    data.update(
        {
            "method": form.method_name,
            "base": form.base,
            "search": form.search.strategy,
            "search-methods": form.search.methods,
        }
    )
    data.update(
        {"search-data": form.search.data, "search-metric": form.search.metric, "search-trials": form.search.trials}
    )
    data.update({"search-seed": form.search.seed, "search-seconds": form.search.seconds})
    for row in form.search.rows:
        if row.is_open:
            data.appendlist("search-open", row.name)
        data.update({f"search-{key}-{row.name}": getattr(row, key) for key in ("low", "high", "steps")})
    return data


def test_the_form_says_the_search_of_a_document_and_gives_it_back():
    assert form_fits(document(SEARCH))
    form = form_of(document(SEARCH), namespace="demo")
    assert [row.name for row in form.search.rows if row.is_open] == ["weight", "density"]
    assert form.search.data == "demo/digits-clean\ndemo/digits-noisy train"
    assert document_of(posted(form))["search"] == SEARCH
    assert "search" not in document_of(posted(form_of(document(), namespace="demo")))


@pytest.mark.parametrize(
    "change",
    [{"open": {"density": [0.1, 0.2]}}, {"open": {"weight": {"each": False}}}, {"data": [{"data": "a/b", "columns": {"x": "y"}}]}, {"budget": 3}],
)  # fmt: skip
def test_what_fields_cannot_say_stays_text(change):
    assert not form_fits(document(SEARCH | change))


def test_the_form_shows_the_search_without_javascript(browser, alice):
    page = browser(alice).get("/make/merge").content.decode()
    assert 'name="search"' in page
    assert 'name="search-open" value="weight"' in page


def test_a_trace_is_read_once():
    assert searched_of(GOOD).best.number == 2


def along(**more):
    row = {
        "from": "demo/a", "to": "demo/b", "t": [0.0, 0.5, 1.0], "loss": [0.2, 0.9, 0.4], "accuracy": [0.9, 0.5, 0.8], "barrier": 0.6, "at": 0.5,
        **more,
    }  # fmt: skip
    return {
        "barrier": {
            "loss_label": "Negative log-likelihood",
            "data": [{"data": "demo/digits", "split": "test"}],
            "lines": [row],
        }
    }


def test_the_loss_along_a_line_is_drawn_with_its_barrier(alice):
    repo = make_repo(alice, "merged")
    ((_, figure),) = barrier_figures(repo, along(), "main")
    assert figure.title == "The highest barrier is 0.6, from a to b"
    assert len(figure.pictures) == 2
    assert [row[-1] for row in figure.table.rows] == ["", "0.6", ""]
    assert barrier_figures(repo, along(barrier=0.0), "main")[0][1].title.startswith("No line rises")


@pytest.mark.parametrize(
    "change", [{"t": "x"}, {"loss": [1, "a", None]}, {"barrier": "high"}, {"t": [None, 1, 2]}, {"loss": [-1, 2, 1e300]}]
)
def test_senseless_lines_break_no_page(alice, change):
    barrier_figures(make_repo(alice, "merged"), along(**change), "main")

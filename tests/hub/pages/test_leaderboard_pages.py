"""Leaderboards on pages: places and what they mean, filters as addresses, the frontier, CSV; who sees which entry."""

import csv
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hub.benchmarks.services import benchmark_revise, one_class_note, version_retire
from hub.catalog.models import Repo
from hub.evals.models import Standing
from tests.factories.benchmarks import make_benchmark, make_dataset, make_entry
from tests.factories.catalog import card
from tests.factories.catalog import make_model as make_card_model
from tests.factories.evals import make_model, parent

MOST = 12


def measured(alice, version, name, right, *, rank=None, parents=(), cost=None, **columns):
    repo, commit = make_model(alice, name, parents=parents)
    if columns:
        Repo.objects.filter(pk=repo.pk).update(**columns)
    entry = make_entry(
        alice, version, repo, [1] * right + [0] * (100 - right), cost=cost or {"parameters": 1000 * right}
    )
    if rank:
        Standing.objects.create(evaluation=entry, definition_digest=version.digest, rank_low=rank[0], rank_high=rank[1])
    return repo, commit


@pytest.fixture
def version(alice):
    return (
        make_benchmark(alice, "letters", data="alice/letters", namespace="alice")
        if make_dataset(alice, "alice/letters")
        else None
    )


@pytest.fixture
def board(alice, version):
    """A clear winner; two that share places; the last one costs most and is worst."""
    base = measured(alice, version, "base", 60, rank=(2, 3), licence="MIT")
    measured(alice, version, "tuned", 65, rank=(2, 3), parents=[parent(*base, "finetune_of")], licence="CC-BY-4.0")
    measured(
        alice,
        version,
        "winner",
        90,
        rank=(1, 1),
        cost={"parameters": 2_000_000, "flops": 5e6, "latency_ms": {"p50": 2.5}},
    )
    measured(alice, version, "waste", 50, rank=(4, 4), cost={"parameters": 9_000_000})
    return version


def text_of(answer) -> str:
    return answer.content.decode()


def names_in_order(page: str, names: list[str]) -> list[str]:
    table = page[page.index("<tbody>") : page.index("</tbody>")]
    return sorted((name for name in names if f"<b>{name}</b>" in table), key=lambda name: table.index(f"<b>{name}</b>"))


NAMES = ["winner", "tuned", "base", "waste"]


def test_the_headline_says_which_places_cannot_be_told_apart(browser, board):
    page = text_of(browser().get("/leaderboards/letters"))
    assert "One clear winner; places 2 to 3 overlap with their neighbours." in page
    assert names_in_order(page, NAMES) == NAMES
    assert "<b>2–3</b>" in page
    assert "90.0\u00a0%" in page


def test_the_entry_one_came_from_is_marked_with_what_it_was_made_of(browser, board):
    page = text_of(browser().get("/leaderboards/letters?from=alice/tuned"))
    assert 'class="here"' in page
    assert "you came from here, made of base" in page
    assert "what it was made of" in page


def test_filters_are_links_and_chips_and_stay_in_the_address(browser, board):
    client = browser()
    page = text_of(client.get("/leaderboards/letters?licence=MIT&sort=name"))
    assert names_in_order(page, NAMES) == ["base"]
    assert "Licence: MIT" in page
    assert 'href="/leaderboards/letters?sort=name"' in page
    assert names_in_order(text_of(client.get("/leaderboards/letters?params_max=70000")), NAMES) == ["tuned", "base"]
    assert "2 of 4 entries, without those that lead" in text_of(client.get("/leaderboards/letters?params_max=70000"))
    empty = text_of(client.get("/leaderboards/letters?params_max=1"))
    assert "No entry fits all of this" in empty
    assert "4 entries were measured" in empty


@pytest.mark.parametrize("query", ["sort=nonsense", "params_max=many", "artifact=cake", "version=0"])
def test_a_filter_that_cannot_be_read_says_what_can(browser, board, query):
    assert browser().get(f"/leaderboards/letters?{query}").status_code == 400


def test_heads_sort_and_turn_round(browser, board):
    client = browser()
    page = text_of(client.get("/leaderboards/letters?sort=parameters"))
    assert names_in_order(page, NAMES) == ["base", "tuned", "winner", "waste"]
    assert 'aria-sort="ascending"' in page
    assert "sort=-parameters" in page


def test_the_frontier_names_what_is_worth_its_cost(browser, board):
    page = text_of(browser().get("/leaderboards/letters"))
    assert "3 of 4 entries are worth their cost" in page
    assert "winner is best with 90.0\u00a0% at 2\u00a0M parameters" in page


def test_one_entry_alone_has_no_frontier_and_no_comparison(browser, alice, version):
    measured(alice, version, "only", 70)
    page = text_of(browser().get("/leaderboards/letters"))
    assert "One entry so far" in page
    assert "What a better score costs" not in page


def test_an_empty_board_says_how_it_begins(browser, version):
    page = text_of(browser().get("/leaderboards/letters"))
    assert "Nothing measured yet" in page
    assert "benchmark=letters" in page


def test_versions_are_never_mixed(browser, alice, board):
    definition = {"task": "image-classification", "data": "alice/letters", "limit": 3}
    benchmark_revise(user=alice, name="letters", definition=definition)
    assert "Nothing measured yet" in text_of(browser().get("/leaderboards/letters"))
    old = text_of(browser().get("/leaderboards/letters?version=1"))
    assert names_in_order(old, NAMES) == NAMES
    assert "An older version" in old


def test_a_retired_version_says_so(browser, alice, board):
    version_retire(user=alice, name="letters", number=1, reason="Labels were swapped.")
    assert "Labels were swapped." in text_of(browser().get("/leaderboards/letters"))


def test_numbers_not_to_be_used_are_shown_on_demand_without_a_place(browser, alice, board):
    repo, _ = make_model(alice, "leaky")
    make_entry(alice, board, repo, [1] * 100, invalid="Trained on the test split.")
    assert "leaky" not in text_of(browser().get("/leaderboards/letters"))
    page = text_of(browser().get("/leaderboards/letters?invalid=1"))
    assert "Trained on the test split." in page


def test_private_entries_are_for_those_who_may_read_them(browser, alice, charlie, board):
    Repo.objects.filter(full_name="alice/winner").update(visibility="private")
    assert "winner" not in text_of(browser(charlie).get("/leaderboards/letters"))
    assert "winner" not in text_of(browser(charlie).get("/leaderboards/letters.csv"))
    assert "winner" not in text_of(browser(charlie).get("/leaderboards"))
    assert "winner" in text_of(browser(alice).get("/leaderboards/letters"))


def claiming(alice, name, value):
    index = [{"name": name, "results": [{"task": {"type": "image-classification"}, "dataset": {"name": "letters", "type": "alice/letters"}, "metrics": [{"type": "accuracy", "value": value}]}]}]  # fmt: skip
    return make_card_model(alice, name, readme=card(**{"license": "mit", "model-index": index}))


def test_self_reported_numbers_are_shown_on_demand_and_never_ranked(browser, alice, charlie, board):
    claiming(alice, "boaster", 97.0)
    hidden = claiming(alice, "hidden", 99.0)
    Repo.objects.filter(pk=hidden.pk).update(visibility="private")
    client = browser(charlie)
    assert "boaster" not in text_of(client.get("/leaderboards/letters"))
    page = text_of(client.get("/leaderboards/letters?claimed=1"))
    assert "self-reported 97.0\u00a0%, not ranked" in page
    assert "alice/hidden" not in page
    assert names_in_order(page, [*NAMES, "boaster"])[-1] == "boaster"


def test_a_measured_entry_is_not_listed_by_its_claim_as_well(browser, alice, version):
    repo = claiming(alice, "boaster", 97.0)
    make_entry(alice, version, repo, [1] * 80 + [0] * 20)
    assert "self-reported" not in text_of(browser().get("/leaderboards/letters?claimed=1")).partition("<tbody>")[2]


def test_the_page_of_an_entry_names_its_places(browser, alice, board):
    page = text_of(browser().get("/alice/winner"))
    assert '1 on <a href="/leaderboards/letters?from=alice/winner">letters</a>' in page
    version_retire(user=alice, name="letters", number=1, reason="Labels were swapped.")
    assert "/leaderboards/letters?from" not in text_of(browser().get("/alice/winner"))


def test_csv_holds_every_row_with_numbers_as_they_are(browser, board):
    answer = browser().get("/leaderboards/letters.csv?sort=name")
    rows = list(csv.DictReader(io.StringIO(text_of(answer))))
    assert [row["model"] for row in rows] == ["alice/base", "alice/tuned", "alice/waste", "alice/winner"]
    assert (rows[0]["rank_low"], rows[0]["rank_high"], rows[0]["accuracy"]) == ("2", "3", "0.6")
    assert rows[1]["parents"] == "alice/base"
    assert rows[3]["latency"] == "2.5"
    assert "letters-1.csv" in answer["Content-Disposition"]


def test_the_list_names_the_leader_of_each_board(browser, board):
    page = text_of(browser().get("/leaderboards"))
    assert "<b>winner</b>" in page
    assert 'href="/leaderboards/letters"' in page
    assert 'href="/benchmarks/digits"' in page


def test_the_leader_is_the_newest_number_of_an_entry_not_its_best(browser, alice, board):
    winner = Repo.objects.get(full_name="alice/winner")
    make_entry(alice, board, winner, [1] * 10 + [0] * 90)
    assert "<b>tuned</b>" in text_of(browser().get("/leaderboards"))


def test_long_boards_have_pages(browser, alice, version):
    for number in range(52):
        repo, _ = make_model(alice, f"entry-{number:02}")
        make_entry(alice, version, repo, [1] * number + [0] * (60 - number), keeps_answers=False)
    client = browser()
    assert "entry-51" in text_of(client.get("/leaderboards/letters"))
    second = text_of(client.get("/leaderboards/letters?page=2"))
    assert "<b>entry-00</b>" in second
    assert "First page" in second


@pytest.mark.parametrize(
    "path",
    ["/leaderboards", "/leaderboards/letters", "/leaderboards/letters.csv", "/benchmarks", "/benchmarks/letters"],
)
def test_pages_of_benchmarks_ask_at_most_twelve_questions(browser, alice, board, path):
    client = browser(alice)
    client.get(path)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    found = [query["sql"][:150] for query in captured if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    assert len(found) <= MOST, found


def test_a_split_of_one_class_says_so_on_its_pages(browser, alice, version):
    measured(alice, version, "always-cat", 90)
    pages = (f"/leaderboards/{version.benchmark.name}", f"/benchmarks/{version.benchmark.name}")
    said = "All 100 examples of test are of one class, cat."
    one_class_note(digest=version.digest, warnings=[{"code": "one_class", "message": said}, {"code": "other"}])
    for page in pages:
        assert said in browser().get(page).content.decode()
    assert "all examples are of one class" in browser().get("/alice/always-cat/evaluations").content.decode()
    one_class_note(digest=version.digest, warnings=[])
    assert all("of one class" not in browser().get(page).content.decode() for page in pages)

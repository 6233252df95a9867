"""Search by words and facets."""

import pytest
from django.http import QueryDict

from hub.catalog.search import SearchQuery, repo_search
from hub.core.errors import Invalid
from tests.factories.catalog import card, make_model, make_repo, weights


def search(text: str, user=None, **rest):
    return repo_search(user=user, query=SearchQuery.from_params(QueryDict(text)), **rest)


def names(text: str, user=None) -> list[str]:
    return [repo.name for repo in search(text, user).results]


def facet(page, name: str) -> dict[str, int]:
    return next(
        {value["value"]: value["count"] for value in entry["values"]} for entry in page.facets if entry["name"] == name
    )


@pytest.fixture
def zoo(alice, bob):
    make_model(alice, "digits-vit-base", readme=card(license="mit", pipeline_tag="image-classification"))
    make_model(alice, "digits-vit-rotated", fill=1, readme=card(license="mit", base_model="alice/digits-vit-base"))
    make_model(bob, "TextBERT", fill=2, readme=card(license="apache-2.0", pipeline_tag="fill-mask", tags=["language"]))
    make_repo(
        bob,
        "big",
        files={
            "model.safetensors": weights(fill=3, tensors={"w": (100, 100)}),
            "README.md": card(base_model=["a/b", "c/d"]),
        },
    )
    make_model(bob, "hidden-digits", fill=4, visibility="private")
    make_repo(bob, "digits-data", type="dataset")


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("digits", {"digits-vit-base", "digits-vit-rotated"}), ("digi rot", {"digits-vit-rotated"}), ("vit-base", {"digits-vit-base", "digits-vit-rotated"}),
        ("bert", {"TextBERT"}), ("textbert", {"TextBERT"}), ("TextBERT", {"TextBERT"}), ("language", {"TextBERT"}), ("bob", {"TextBERT", "big"}),
        ("alice/digits-vit-base", {"digits-vit-base", "digits-vit-rotated"}), ("fill-mask", {"TextBERT"}), ("nothing", set()), ("!!!", set()),
        ("' | '", set()), ("digits & !vit", {"digits-vit-base", "digits-vit-rotated"}), ("made for", {"digits-vit-base", "digits-vit-rotated", "TextBERT", "big"}),
    ],
)  # fmt: skip
def test_words(zoo, words, found):
    query = QueryDict(mutable=True)
    query["q"] = words
    page = repo_search(user=None, query=SearchQuery.from_params(query))
    assert {repo.name for repo in page.results} == found
    assert page.count == len(found)


def test_a_name_ranks_before_a_mention(alice):
    make_repo(alice, "mentions", files={"README.md": "# Other\n\nThis is like wonder, wonder and wonder.\n"})
    make_repo(alice, "wonder")
    assert names("q=wonder") == ["wonder", "mentions"]


def test_the_base_ranks_before_those_that_name_it(zoo):
    assert names("q=vit-base") == ["digits-vit-base", "digits-vit-rotated"]


def test_facets_narrow_together_and_widen_within(zoo):
    assert set(names("licence=MIT")) == {"digits-vit-base", "digits-vit-rotated"}
    assert set(names("licence=MIT&licence=Apache-2.0")) == {"digits-vit-base", "digits-vit-rotated", "TextBERT"}
    assert names("licence=MIT&owner=bob") == []
    assert names("base=c/d") == ["big"]
    assert names("q=digits&base=alice/digits-vit-base") == ["digits-vit-rotated"]


def test_counts_of_a_facet_leave_its_own_choice_out(zoo):
    page = search("licence=MIT")
    assert facet(page, "licence") == {"MIT": 2, "Apache-2.0": 1}
    assert facet(page, "owner") == {"alice": 2}
    assert facet(page, "base") == {"alice/digits-vit-base": 1}


def test_a_repo_with_two_bases_counts_once_elsewhere(zoo):
    page = search("owner=bob")
    assert facet(page, "base") == {"a/b": 1, "c/d": 1}
    assert facet(search("base=a/b&base=c/d"), "artifact") == {"model": 1}
    assert facet(search(""), "owner") == {"alice": 2, "bob": 2}


def test_a_choice_with_nothing_left_stays_to_be_taken_back(zoo):
    page = search("q=digits&task=fill-mask")
    chosen = next(entry for entry in page.facets if entry["name"] == "task")["values"]
    assert {"value": "fill-mask", "label": "fill-mask", "count": 0, "selected": True} in chosen


def test_numbers(zoo):
    assert names("params_min=1K&params_max=10K") == ["big"]
    assert set(names("params_max=12")) == {"digits-vit-base", "digits-vit-rotated", "TextBERT"}
    assert set(names("fits=1GB")) == {"digits-vit-base", "digits-vit-rotated", "TextBERT", "big"}
    assert names("fits=256MiB") == []
    assert names(f"params_min={'9' * 400}") == []
    assert names(f"fits={'9' * 400}GB") == names("fits=1GB")


@pytest.mark.parametrize(
    "text", ["params_min=many", "fits=8XB", "sort=best", "limit=0", "limit=9999", "cursor=forged", "q=" + "x" * 501]
)
def test_bad_values_are_errors(zoo, text):
    with pytest.raises(Invalid):
        search(text)


def test_a_nul_character_is_no_error(zoo):
    assert len(names("q=%00&licence=%00")) == 4


@pytest.mark.parametrize(
    "sort", ["recent", "created", "downloads", "likes", "name", "smallest", "largest", "relevance"]
)
def test_pages_hold_every_row_once(zoo, sort):
    seen, cursor = [], ""
    while True:
        page = search(f"q=made&sort={sort}&limit=1" + (f"&cursor={cursor}" if cursor else ""))
        seen += [repo.name for repo in page.results]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert sorted(seen) == ["TextBERT", "big", "digits-vit-base", "digits-vit-rotated"]


def test_a_cursor_of_another_order_is_refused(zoo):
    cursor = search("sort=name&limit=1").next_cursor
    with pytest.raises(Invalid):
        search(f"sort=likes&cursor={cursor}")


def test_shows_what_one_may_see(zoo, bob, alice):
    assert "hidden-digits" in names("q=digits", bob)
    assert "hidden-digits" not in names("q=digits", alice)
    assert facet(search("q=digits", alice), "owner") == {"alice": 2}


def test_datasets_are_a_search_of_their_own(zoo):
    assert [repo.name for repo in search("q=digits", type="dataset").results] == ["digits-data"]


def test_takes_few_queries(zoo, django_assert_num_queries):
    with django_assert_num_queries(3):  # rows, count, all facets
        [repo.namespace.name for repo in search("q=digits&sort=recent").results]
    with django_assert_num_queries(5):  # one more for each facet with a choice
        search("licence=MIT&owner=alice")


def test_the_count_stops_at_its_cap(zoo, monkeypatch):
    monkeypatch.setattr("hub.catalog.search.COUNT_CAP", 2)
    page = search("")
    assert (page.count, page.count_is_capped) == (2, True)

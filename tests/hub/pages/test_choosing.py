"""Choosing among many methods: grouped, found by typing, explained side by side; the same without scripts."""

import html
import re

import pytest

from hub.pages.making import learning_data
from hub.pages.making.choosing import MOST_BESIDE, chooser_of, found, groups_of, needs_words
from hub.pages.making.merge_form import document_of, form_fits
from hub.pages.templatetags.parts import coded
from tests.hub.pages.test_make_pages import fields, opened, press
from tests.hub.pages.test_making import DOCUMENT, posted
from workers.contracts.methods import methods_of

ROWS = methods_of("merge")


def test_every_method_stands_in_exactly_one_group():
    shown = [row.name for group in groups_of(ROWS) for part in group.parts for row in part.methods]
    assert sorted(shown) == sorted(row.name for row in ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_method_is_found_by_its_name_and_by_what_it_does(row):
    for words in (row.name, row.label.upper(), " ".join(row.summary.split()[:4])):
        assert row in found(ROWS, words)
    assert re.fullmatch(r"[A-Z].*; .*\.", needs_words(row))


def test_words_that_nothing_says_find_nothing():
    assert found(ROWS, "zebra") == ()
    assert found(ROWS, "  ") == ROWS


def test_explains_the_chosen_one_and_two_beside_it():
    chooser = chooser_of("ties", beside=["pcb", "pcb", "ties", "nothing", "linear", "slerp"])
    assert [column.method.name for column in chooser.columns] == ["ties", "pcb", "linear"]
    assert chooser.beside == ("pcb", "linear")
    assert len(chooser_of("nothing").columns) == 0
    assert len(chooser_of("ties").beside) == MOST_BESIDE


def test_defaults_that_nobody_touched_become_those_of_the_new_method():
    data = posted(DOCUMENT | {"sources": [{"model": "a/b", "weight": 1.0, "density": 0.7}]})
    data["method"], data["method_was"] = "task_arithmetic", "ties"
    assert document_of(data)["sources"] == [{"model": "a/b", "weight": 0.4}]
    data["method"] = "dare_ties"
    assert document_of(data)["sources"] == [{"model": "a/b", "weight": 1.0, "density": 0.7}]
    data["s-0-density"] = "0.3"
    assert document_of(data)["sources"] == [{"model": "a/b", "weight": 1.0, "density": 0.5}]


def test_data_to_learn_from_comes_back_from_its_lines():
    rows = [
        {"data": "demo/clean"}, {"data": "demo/noisy", "split": "validation"},
        {"data": "a/b", "split": "test", "columns": {"image": "picture", "label": "digit"}}, {"data": "a/c", "columns": {"image": "x"}},
    ]  # fmt: skip
    assert learning_data.rows_of(learning_data.lines_of(rows)) == rows
    assert form_fits(DOCUMENT | {"data": rows})
    for columns in ({"input": "my column"}, {"input": "a=b"}, {"input": 3}, {"input": ""}, "input"):
        assert not form_fits(DOCUMENT | {"data": [{"data": "a/b", "columns": columns}]})
    data = posted(DOCUMENT)
    data["data"] = "demo/clean\n demo/noisy  validation\n\n a/b test image=picture label=digit\na/c image=x"
    assert document_of(data)["data"] == rows


def test_a_button_chooses_without_scripts_and_the_list_stays_open(browser, alice):
    client = browser(alice)
    page = press(client, opened(client, "?method=ties"), "pick", "pcb").content.decode()
    assert fields(page)["method"] == "pcb"
    assert re.search(r'<details[^>]*id="all-methods" open>', page)
    assert "kept share" in page


def test_looking_for_a_word_lists_what_says_it(browser, alice):
    client = browser(alice)
    page = press(client, opened(client, "") | {"find": "singular"}, "look").content.decode()
    listed = re.findall(r'id="pick-([a-z_]+)"', page)
    assert "iso_c" in listed or "tsv_m" in listed
    assert "linear" not in listed
    part = client.get("/make/merge/methods?find=singular").content.decode()
    assert re.findall(r'id="pick-([a-z_]+)"', part) == listed
    assert "<html" not in part
    assert "No method says “&lt;b&gt;”" in client.get("/make/merge/methods?find=<b>").content.decode()


def test_kinds_without_methods_have_none_to_look_for(browser, db):
    assert browser().get("/make/train/methods").status_code == 404


def test_two_methods_side_by_side(browser, alice):
    page = browser(alice).get("/make/merge?method=ties&beside=pcb").content.decode()
    table = page.split('aria-label="Methods side by side"')[1].split("</table>")[0]
    assert [row for row in re.findall(r'<th scope="row">([^<]+)', table)] == [
        "Does",
        "When",
        "Needs",
        "Cost",
        "Settings",
        "Paper",
    ]
    assert "arXiv:2410.02396" in table
    assert 'value="pcb"' in table


def test_methods_that_learn_ask_for_data(browser, alice):
    learning = [row.name for row in ROWS if row.learn]
    client = browser(alice)
    assert all('id="data"' in client.get(f"/make/merge?method={name}").content.decode() for name in learning[:2])
    assert 'id="data"' not in client.get("/make/merge?method=ties").content.decode()


@pytest.mark.parametrize(
    ("text", "shown"),
    [("with `a<b`: c", "with <code>a&lt;b</code>: c"), ("<i> and one `", "&lt;i&gt; and one `"), ("plain", "plain")],
)
def test_words_between_backticks_are_code_and_nothing_else_is_markup(text, shown):
    assert coded(text) == shown


def test_the_docs_show_formula_parameters_and_paper_of_every_method(browser, db):
    page = html.unescape(browser().get("/docs/methods").content.decode())
    for row in ROWS:
        part = page.split(f'<article class="method-doc" id="{row.name}"')[1].split("</article>")[0]
        assert row.when in part
        assert row.paper in part
        assert part.split('class="formula"')[1].count("<p>") >= 1
        assert all(entry.help in part for entry in row.parameters)
    assert page.count('href="#family-') == page.count('id="family-')

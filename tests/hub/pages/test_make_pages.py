"""Making a merge in the browser, without scripts: fill, check, repair, switch tabs, submit once."""

import html
import re

import pytest

from hub.catalog.scanning import scans_run
from hub.catalog.selectors import commit_resolve
from hub.jobs.models import Job, JobOutput
from tests.builders import finetuned, mlp_state, model_folder
from tests.factories.jobs import make_job, make_repo

README = "---\nlicense: apache-2.0\n---\n# Tiny\n"
CONFIG = {"architectures": ["Mlp"], "model_type": "mlp"}


@pytest.fixture
def family(alice, tmp_path):
    """alice/base, one, two of one shape, wide of another; secret is private."""
    base = mlp_state(seed=0)
    states = {
        "base": base,
        "one": finetuned(base, seed=1),
        "two": finetuned(base, seed=2),
        "wide": mlp_state(seed=3, sizes=(8, 32, 4)),
        "secret": finetuned(base, seed=4),
    }
    return {
        name: make_repo(alice, name, visibility="private" if name == "secret" else "public", folder=model_folder(tmp_path / name, state, config=CONFIG, readme=README))
        for name, state in states.items()
    }  # fmt: skip


def fields(page: str) -> dict[str, str]:
    """The form's fields as a browser would send them."""
    form = page.split('<form id="make"')[1].split("</form>")[0]
    data: dict[str, str] = {}
    for tag in re.findall(r"<input\b[^>]*>", form):
        attributes = {key: html.unescape(value) for key, value in re.findall(r'([\w-]+)="([^"]*)"', tag)}
        if "name" not in attributes or attributes.get("type") == "range":
            continue
        if attributes.get("type") in ("checkbox", "radio") and " checked" not in tag:
            continue
        data[attributes["name"]] = attributes.get("value", "on")
    for name, body in re.findall(r'<select[^>]*name="([\w-]+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'<option(?: value="([^"]*)")? selected>([^<]*)', body) or re.search(
            r'<option(?: value="([^"]*)")?>([^<]*)', body
        )
        data[name] = chosen[1] if chosen[1] is not None else chosen[2]
    for name, body in re.findall(r'<textarea[^>]*name="([\w-]+)"[^>]*>(.*?)</textarea>', form, re.DOTALL):
        data[name] = html.unescape(body)
    return data


def opened(client, query="?source=alice/one&source=alice/two&base=alice/base") -> dict[str, str]:
    answer = client.get(f"/make/merge{query}")
    assert answer.status_code == 200
    return fields(answer.content.decode())


def press(client, data, button, value="1", kind="merge"):
    return client.post(f"/make/{kind}", {**data, button: value})


def test_submits_and_lands_on_the_job(browser, alice, family):
    client = browser(alice)
    data = opened(client)
    answer = press(client, data | {"out_name": "merged"}, "send")
    job = Job.objects.get()
    assert answer.status_code == 302
    assert answer["Location"] == f"/jobs/{job.number}"
    assert job.owner == alice
    assert job.request["recipe"]["output"]["repo"] == "alice/merged"
    assert [entry["reference"] for entry in job.request["inputs"]] == ["alice/base", "alice/one", "alice/two"]


def test_pressing_submit_twice_makes_one_job(browser, alice, family):
    client = browser(alice)
    data = opened(client)
    first, second = press(client, data, "send"), press(client, data, "send")
    assert first["Location"] == second["Location"]
    assert Job.objects.count() == 1


def test_a_changed_recipe_is_another_job(browser, alice, family):
    client = browser(alice)
    data = opened(client)
    press(client, data, "send")
    press(client, data | {"s-0-density": "0.9"}, "send")
    assert Job.objects.count() == 2


def test_a_refused_recipe_leaves_no_row_and_shows_every_finding(browser, alice, family):
    client = browser(alice)
    data = opened(client, "?source=alice/one&source=alice/wide&base=alice/base")
    answer = press(client, data | {"s-0-density": "2.0", "s-1-weight": "many"}, "send")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert not Job.objects.exists()
    assert page.count('class="finding error"') >= 2
    assert '<button class="button block" type="button" disabled>' in page


def test_a_repair_button_repairs(browser, alice, family):
    client = browser(alice)
    data = opened(client, "?source=alice/one&source=alice/wide&source=alice/two&base=alice/base")
    page = press(client, data, "check").content.decode()
    patch = html.unescape(re.search(r'name="repair" value="([^"]+)"', page)[1])
    after = press(client, fields(page), "repair", patch).content.decode()
    assert 'class="finding error"' not in after
    assert [value for key, value in fields(after).items() if key.endswith("-model")] == ["alice/one", "alice/two"]


def test_a_forged_repair_is_a_message_not_a_crash(browser, alice, family):
    client = browser(alice)
    answer = press(client, opened(client), "repair", '[{"op": "remove", "path": "/a/b/c"}]')
    assert answer.status_code == 200
    assert "This repair does not fit the recipe any more." in answer.content.decode()


def test_tabs_carry_the_recipe_along(browser, alice, family):
    client = browser(alice)
    data = opened(client) | {"s-1-weight": "0.25", "out_name": "merged"}
    as_yaml = fields(press(client, data, "to_tab", "yaml").content.decode())
    assert "{model: alice/two, weight: 0.25, density: 0.3}" in as_yaml["yaml"]
    as_yaml["yaml"] = as_yaml["yaml"].replace("weight: 0.25", "weight: 0.75")
    as_form = fields(press(client, as_yaml, "to_tab", "form").content.decode())
    assert as_form["s-1-weight"] == "0.75"
    assert as_form["out_name"] == "merged"
    command = press(client, as_form, "to_tab", "cli").content.decode()
    assert "genepool submit recipe.yaml --watch" in command
    assert "weight: 0.75" in command


def test_text_the_form_cannot_show_stays_in_its_tab(browser, alice, family):
    client = browser(alice)
    data = fields(press(client, opened(client), "to_tab", "yaml").content.decode())
    page = press(
        client, data | {"yaml": "merge_method: linear\nmodels: [{model: alice/one}]\n"}, "to_tab", "form"
    ).content.decode()
    assert "The form cannot show everything this text says" in page
    assert "merge_method: linear" in fields(page)["yaml"]


@pytest.mark.parametrize(
    "text", ["", "[", "- a\n- b", "a: &x [*x]", "kind: bogus", "\x00", "kind: merge\n" * 3, "{" * 500]
)
def test_senseless_text_is_a_finding_not_a_crash(browser, alice, text):
    answer = browser(alice).post("/make/merge", {"tab": "yaml", "yaml": text, "send": "1"})
    assert answer.status_code == 422
    assert 'class="finding error"' in answer.content.decode()
    assert not Job.objects.exists()


def test_the_line_of_a_finding_is_marked(browser, alice, family):
    page = press(
        browser(alice), opened(browser(alice), "?source=alice/one&source=alice/wide&base=alice/base"), "check"
    ).content.decode()
    marked = re.findall(r'<li class="error"><span>([^<]+)', page)
    assert any("alice/wide" in line for line in marked)


def test_a_private_model_of_another_reads_like_one_that_is_not_there(browser, charlie, family):
    client = browser(charlie)

    def findings(name: str) -> list[str]:
        page = client.get(f"/make/merge?source=alice/{name}&base=alice/base").content.decode()
        return [text.replace(name, "") for text in re.findall(r'class="finding error"[^§]*?<b>([^<]+)', page)]

    assert findings("secret") == findings("absent") != []


def test_a_private_model_of_another_is_not_offered(browser, alice, charlie, family):
    assert 'value="alice/secret"' not in browser(charlie).get("/make/merge").content.decode()
    assert 'value="alice/secret"' in browser(alice).get("/make/merge").content.decode()


def test_offers_say_why_a_model_would_not_fit(browser, alice, family):
    page = browser(alice).get("/make/merge?base=alice/base&source=alice/one").content.decode()
    assert '<option value="alice/two">same shape as the base</option>' in page
    assert re.search(r'<option value="alice/wide">differs: ', page)


def test_sources_are_added_and_removed(browser, alice, family):
    client = browser(alice)
    data = opened(client)
    more = fields(press(client, data | {"new_source": "alice/wide"}, "add").content.decode())
    assert more["s-2-model"] == "alice/wide"
    less = fields(press(client, more, "drop", "0").content.decode())
    assert [less["s-0-model"], less["s-1-model"]] == ["alice/two", "alice/wide"]


def test_the_live_check_answers_with_the_panel_alone(browser, alice, family):
    client = browser(alice)
    answer = client.post("/make/merge/check", opened(client), HTTP_HX_REQUEST="true")
    page = answer.content.decode()
    assert page.lstrip().startswith('<div id="check"')
    assert 'id="yaml-preview" hx-swap-oob' in page
    assert "<html" not in page
    assert "Estimate" in page


def test_a_clone_of_a_job_opens_its_recipe(browser, alice, family):
    client = browser(alice)
    press(client, opened(client) | {"s-0-weight": "0.6"}, "send")
    data = opened(client, f"?job={Job.objects.get().number}")
    assert data["s-0-model"] == "alice/one"
    assert data["s-0-weight"] == "0.6"


def test_the_job_of_another_cannot_be_cloned(browser, alice, charlie):
    assert browser(charlie).get(f"/make/merge?job={make_job(alice).number}").status_code == 404


def test_the_same_finished_work_is_offered_and_can_be_forced(browser, alice, family):
    client = browser(alice)
    data = opened(client)
    press(client, data, "send")
    job = Job.objects.get()
    Job.objects.update(state="succeeded", lease_until=None)
    JobOutput.objects.create(job=job, repo=family["one"], commit=commit_resolve(family["one"], "main"))
    again = opened(client) | {"out_name": data["out_name"]}
    page = client.post("/make/merge", {**again, "send": "1"}, follow=True).content.decode()
    assert Job.objects.count() == 1
    assert f"Job {job.number} made exactly this already" in page
    press(client, again | {"force": "1", "nonce": "other"}, "send")
    assert Job.objects.count() == 2


def test_an_evaluation_is_submitted_from_its_small_form(browser, alice, family):
    client = browser(alice)
    page = client.get("/make/evaluate?model=alice/one&model=alice/base").content.decode()
    data = fields(page)
    assert data["f-models"].split() == ["alice/one", "alice/base"]
    answer = press(client, data | {"f-data": "builtin:digits"}, "send", kind="evaluate")
    assert answer.status_code in (302, 422)
    assert (answer.status_code == 302) == Job.objects.filter(kind="evaluate").exists()


def test_an_evaluation_can_start_from_a_benchmark(browser, alice, family):
    page = browser(alice).get("/make/evaluate?benchmark=digits").content.decode()
    assert fields(page)["f-data"] == "digits"


def test_an_unknown_kind_is_not_found(browser, alice):
    assert browser(alice).get("/make/bogus").status_code == 404


def test_everything_that_is_wrong_comes_in_one_answer(browser, alice, family):
    text = (
        "kind: merge\nmethod: ties\nbase: alice/base\nsources:\n- {model: alice/one, density: 2.0}\n- {model: alice/nothing}\n"
        "- {model: alice/wide}\n- {model: alice/two, weight: .nan}\ncolour: red\noutput: {repo: alice/merged}\n"
    )
    answer = browser(alice).post("/make/merge", {"tab": "yaml", "yaml": text, "send": "1"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert page.count('class="finding error"') == 5
    for words in (
        "density is 2.0, above 1",
        "alice/nothing",
        "wide does not fit",
        "weight is NaN",
        "“colour” is not a key",
    ):
        assert words in html.unescape(page), words
    assert not Job.objects.exists()


def test_a_wrong_number_in_the_form_does_not_hide_a_wrong_shape(browser, alice, family):
    client = browser(alice)
    data = opened(client, "?source=alice/one&source=alice/wide&base=alice/base")
    page = press(client, data | {"s-0-density": "2.0"}, "check").content.decode()
    assert page.count('class="finding error"') == 2
    assert "does not fit the base" in page


def test_a_job_shows_and_gives_its_recipe_in_reading_order(browser, alice, family):
    text = (
        "output: {repo: alice/merged}\nnormalize: false\nlambda: 0.5\nsources:\n- {weight: 0.5, density: 0.4, model: alice/one}\n"
        "- {model: alice/two}\nbase: alice/base\nmethod: ties\nkind: merge\n"
    )
    client = browser(alice)
    assert client.post("/make/merge", {"tab": "yaml", "yaml": text, "send": "1"}).status_code == 302
    job = Job.objects.get()
    expected = (
        "kind: merge\nmethod: ties\nbase: alice/base\nsources:\n- {model: alice/one, weight: 0.5, density: 0.4}\n- {model: alice/two}\n"
        "lambda: 0.5\nnormalize: false\nseed: 0\noutput: {repo: alice/merged}\n"
    )
    assert client.get(f"/jobs/{job.number}/recipe.yaml").content.decode() == expected
    assert expected in html.unescape(client.get(f"/jobs/{job.number}").content.decode())


def test_the_tokenizer_is_chosen_in_the_form_and_kept(browser, alice, family):
    client = browser(alice)
    data = opened(client) | {"tokenizer": "union"}
    as_yaml = fields(press(client, data, "to_tab", "yaml").content.decode())
    assert "tokenizer: union" in as_yaml["yaml"]
    as_yaml["yaml"] = as_yaml["yaml"].replace("tokenizer: union", "tokenizer: alice/one")
    assert fields(press(client, as_yaml, "to_tab", "form").content.decode())["tokenizer"] == "alice/one"


EXTRACT = "/make/extract?model=alice/one&base=alice/base"


def shown_by(client, **fields_over) -> str:
    data = fields(client.get(EXTRACT).content.decode()) | {"f-model": "alice/one", "f-base": "alice/base"} | fields_over
    return client.post("/make/extract", data).content.decode()


@pytest.mark.parametrize(
    ("chosen", "there", "absent"),
    [
        ({"f-form": "dense"}, (), ("f-density", "f-rank", "f-layout", "f-embeddings")),
        ({"f-form": "sparse"}, ("f-density",), ("f-rank", "f-layout")),
        ({"f-form": "low_rank"}, ("f-rank", "f-energy", "f-solver", "f-layout"), ("f-density", "f-embeddings")),
        ({"f-form": "low_rank", "f-layout": "adapter"}, ("f-rank", "f-embeddings"), ("f-density",)),
        ({"f-form": "one_bit"}, (), ("f-density", "f-rank")),
    ],
)
def test_an_extraction_asks_for_the_numbers_of_its_form_alone(browser, alice, family, chosen, there, absent):
    scans_run()
    page = shown_by(browser(alice), **chosen)
    assert all(f'name="{name}"' in page for name in there)
    assert not any(f'name="{name}"' in page for name in absent)
    assert "Nothing speaks against this recipe" in page


def test_numbers_of_another_form_are_let_go_of_and_bad_ones_are_found(browser, alice, family):
    client = browser(alice)
    page = shown_by(client, **{"f-form": "sparse", "f-density": "0.3"})
    assert "density: 0.3" in page
    assert 'type="range"' in page
    assert "density:" not in shown_by(client, **{"f-form": "one_bit", "f-density": "0.3"})
    assert "density is 7" in shown_by(client, **{"f-form": "sparse", "f-density": "7"})
    assert "Nothing speaks against" not in shown_by(client, **{"f-model": "alice/none"})


def test_adapters_of_a_recipe_are_shown_where_it_has_some(browser, alice, family):
    client = browser(alice)
    plain = fields(press(client, opened(client), "to_tab", "yaml").content.decode())
    assert not any("adapter" in name for name in opened(client))
    text = plain["yaml"].replace("base: alice/base", "base: {model: alice/base, adapter: alice/lora}")
    text = text.replace("{model: alice/two,", "{model: alice/two, adapter: alice/one,")
    form = fields(press(client, plain | {"yaml": text}, "to_tab", "form").content.decode())
    assert (form["base_adapter"], form["s-1-adapter"]) == ("alice/lora", "alice/one")
    assert "s-0-adapter" not in form
    again = fields(press(client, form, "to_tab", "yaml").content.decode())["yaml"]
    assert "adapter: alice/one" in again
    assert "adapter: alice/lora" in again


def test_a_kind_is_offered_with_its_form(browser, alice):
    page = browser(alice).get("/make").content.decode()
    assert "Fill in the form" in page
    assert "Open the recipe" not in page

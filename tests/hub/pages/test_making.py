"""The form is another way to write the document: nothing is lost on the way from one to the other and back."""

import subprocess

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from hub.core.errors import Invalid
from hub.pages.making.merge_form import document_of, form_fits, form_of
from hub.pages.making.patching import patch_parse, patched
from hub.pages.making.simple_form import fields_of, simple_document, simple_fits
from hub.pages.making.starters import starter
from hub.pages.making.state import command_of, draft_new
from hub.pages.making.values import text_of, value_of
from hub.pages.recipe_text import recipe_yaml
from workers.contracts.documents import load_document
from workers.contracts.methods import methods_of
from workers.contracts.parsing import parse
from workers.contracts.recipes import MergeRecipe
from workers.contracts.writing import recipe_to_yaml

DOCUMENT = {
    "kind": "merge",
    "method": "ties",
    "base": "demo/base",
    "sources": [
        {"model": "demo/a", "weight": 1.0, "density": 0.3},
        {"model": "demo/b@main", "weight": -0.5, "density": 0.7},
    ],
    "lambda": 0.8,
    "max_shard_bytes": 4096,
    "dtype": "float32",
    "seed": 7,
    "evaluate": [{"data": "demo/clean", "split": "validation"}],
    "output": {"repo": "alice/merged", "visibility": "public", "branch": "trial"},
}


def posted(document: dict) -> QueryDict:
    """What a browser would send for the form of `document`."""
    form = form_of(document, namespace="alice")
    data = QueryDict(mutable=True)
    data.update({
        "method": form.method_name, "base": form.base, "base_adapter": form.base_adapter, "extra": form.extra, "dtype": form.dtype, "seed": form.seed, "out_namespace": form.namespace,
        "out_name": form.name, "visibility": form.visibility, "output_extra": form.output_extra, "evaluate_rows": form.evaluate_rows,
    })  # fmt: skip
    data.setlist("evaluate", form.evaluate)
    for knob in form.knobs:
        if knob.type == "boolean":
            data[f"{knob.name}-shown"] = "1"
            if knob.checked:
                data[knob.name] = "on"
        else:
            data[knob.name] = knob.value
    for row in form.sources:
        data[f"s-{row.index}-model"], data[f"s-{row.index}-extra"] = row.model, row.extra
        data[f"s-{row.index}-adapter"] = row.adapter
        for knob in row.knobs:
            if knob.type != "boolean" or knob.checked:
                data[knob.name] = knob.value
            if knob.type == "boolean":
                data[f"{knob.name}-shown"] = "1"
        for key, text in zip(("positive_prompts", "negative_prompts"), row.prompts or (), strict=False):
            data[f"s-{row.index}-{key}"] = text
    return data


def test_a_document_comes_back_from_the_form_as_it_went_in():
    assert document_of(posted(DOCUMENT)) == DOCUMENT


def test_prompts_come_back_from_the_form_one_on_a_line():
    knobs = {"shared": False, "noise_scale": 0.0, "residual_scale": 1.0}
    document = {
        "kind": "merge", "method": "mixture_of_experts", "base": "demo/base", "seed": 0, "gate_mode": "cheap_embed",
        "sources": [
            {"model": "demo/a", **knobs, "positive_prompts": ["def f(x):", "x = [1]"], "negative_prompts": ["Once, a tale"]},
            {"model": "demo/b", **knobs, "shared": True, "positive_prompts": ["Once, a tale"]},
        ],
    }  # fmt: skip
    assert form_fits(document)
    assert document_of(posted(document)) == document
    lost = {**document, "method": "ties"}
    assert [row.prompts is not None for row in form_of(lost, namespace="alice").sources] == [True, True]
    document["sources"][0]["positive_prompts"] = ["two\nlines"]
    assert not form_fits(document)


@pytest.mark.parametrize("method", methods_of("merge"), ids=lambda method: method.name)
def test_every_method_has_a_form(method):
    document = {"kind": "merge", "method": method.name, "base": "a/b", "sources": [{"model": "a/c"}], "seed": 0}
    form = form_of(document, namespace="alice")
    names = {knob.name.removeprefix("p-") for knob in form.knobs} | {
        knob.name.removeprefix("s-0-") for knob in form.sources[0].knobs
    }
    assert names == {parameter.name for parameter in method.parameters}


@pytest.mark.parametrize("text", ["nan", "abc", "2.0", "1e400", "0,3"])
def test_senseless_numbers_reach_the_check_instead_of_being_dropped(text):
    data = posted(DOCUMENT)
    data["s-0-density"] = text
    assert document_of(data)["sources"][0]["density"] not in (None, 0.3)


@pytest.mark.parametrize(
    "document",
    [
        None, [], "text", {"kind": "train"}, {"merge_method": "ties", "models": []}, {"kind": "merge", "slices": []},
        {"kind": "merge", "sources": "a"}, {"kind": "merge", "sources": ["a/b"]}, {"kind": "merge", "sources": [{"model": 3}]},
        {"kind": "merge", "output": "alice/x"}, {"kind": "merge", "method": ["ties"]}, {"kind": "merge", "evaluate": ["a/b"]},
        {"kind": "merge", "sources": [{"model": "a/b"}] * 100},
    ],
)  # fmt: skip
def test_what_the_form_cannot_show_stays_text(document):
    assert not form_fits(document)


@given(
    st.one_of(
        st.integers(-(10**9), 10**9), st.floats(-1e6, 1e6).map(lambda value: float(f"{value:.4g}")), st.booleans()
    )
)
def test_values_come_back_from_their_field(value):
    back = value_of(text_of(value))
    assert back == pytest.approx(value) if isinstance(value, float) else back == value


def test_gradients_come_back_from_their_field():
    assert value_of(text_of([0, 0.5, 1])) == [0, 0.5, 1]


def test_a_patch_changes_a_copy():
    after = patched(DOCUMENT, [{"op": "remove", "path": "/sources/0"}, {"op": "replace", "path": "/seed", "value": 1}, {"op": "add", "path": "/sources/-", "value": {"model": "x/y"}}])  # fmt: skip
    assert [source["model"] for source in after["sources"]] == ["demo/b@main", "x/y"]
    assert after["seed"] == 1
    assert DOCUMENT["seed"] == 7


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[1]", "x" * 30_000, '[{"op": "remove", "path": "/nothing"}]', '[{"op": "remove", "path": "/sources/9"}]', '[{"op": "test", "path": "/seed"}]', '[{"path": "/seed"}]', '[{"op": "remove", "path": "seed"}]'],
)  # fmt: skip
def test_a_patch_that_does_not_fit_changes_nothing(text):
    with pytest.raises(Invalid):
        patched(DOCUMENT, patch_parse(text))


def test_a_key_with_a_slash_can_be_removed():
    assert patched({"a/b": 1, "c~d": 2}, [{"op": "remove", "path": "/a~1b"}, {"op": "remove", "path": "/c~0d"}]) == {}


@pytest.mark.parametrize(
    "text", ["kind: merge\n", "RECIPE\nrm -rf x\n", "RECIPE\nRECIPE_\n", "a: $(touch x) `id` 'quoted'\n"]
)
def test_the_command_writes_exactly_the_recipe_and_runs_nothing_of_it(text, tmp_path):
    command = command_of(text).partition("\ngenepool check")[0]
    subprocess.run(["/bin/sh", "-c", command], cwd=tmp_path, check=True)
    assert (tmp_path / "recipe.yaml").read_text() == text
    assert [path.name for path in tmp_path.iterdir()] == ["recipe.yaml"]


def test_a_stored_recipe_is_shown_in_reading_order_however_it_was_stored():
    shuffled = dict(sorted(DOCUMENT.items(), reverse=True))
    text = recipe_yaml(shuffled)
    assert text.startswith("kind: merge\nmethod: ties\nbase: demo/base\n")
    assert load_document(text)[0]["sources"] == DOCUMENT["sources"]


def test_the_recipe_of_a_manifest_is_shown_as_people_write_it():
    recipe = MergeRecipe(
        method="ties",
        base="a/b",
        sources=({"model": "a/c", "parameters": {"weight": 0.5}},),
        parameters={"lambda": 0.9},
    )
    text = recipe_yaml(recipe.model_dump(mode="json"))
    assert "parameters" not in text
    assert "lambda: 0.9" in text
    assert "{model: a/c, weight: 0.5}" in text


def test_a_mergekit_recipe_is_shown_as_it_was_given():
    assert "merge_method: linear" in recipe_yaml({"merge_method": "linear", "models": [{"model": "a/b"}]})


@pytest.mark.parametrize(
    ("kind", "document"),
    [
        ("evaluate", {"kind": "evaluate", "models": ["a/b", "c/d@main"], "data": [{"data": "demo/x", "split": "test"}, {"data": "demo/y", "split": "train"}], "batch_size": 64, "seed": 0}),
        ("evaluate", {"kind": "evaluate", "models": ["a/b"], "data": [{"benchmark": "digits"}, {"benchmark": "letters@2"}, {"data": "demo/y", "split": "test"}]}),
        ("train", {"kind": "train", "model": "a/b", "task": "text-classification", "data": [{"data": "demo/x", "split": "test"}], "validation": {"data": "demo/x", "split": "validation"}, "early_stop": {"patience": 2, "least": 0.1}, "max_length": 64, "new_head": True}),
        ("train", {"kind": "train", "model": "a/b", "data": [{"data": "demo/x", "split": "train"}], "lora": {"rank": 8, "alpha": 16, "target_modules": ["query"]}, "epochs": 3, "learning_rate": 0.001, "architecture": {"model_type": "vit"}, "output": {"repo": "alice/t", "visibility": "public"}}),
    ],
)  # fmt: skip
def test_small_forms_give_their_document_back(kind, document):
    data = QueryDict(mutable=True)
    for row in fields_of(kind, document):
        data[row["field"].name] = row["value"]
    assert simple_document(kind, data, document) == document | (
        {"lora": document["lora"]} if "lora" in document else {}
    )


def test_the_task_of_a_training_is_chosen_and_what_no_choice_says_is_not_lost():
    for task in ("", "causal-lm", "odd"):
        document = {"kind": "train", "model": "a/b"} | ({"task": task} if task else {})
        row = next(row for row in fields_of("train", document) if row["field"].path == ("task",))
        assert row["field"].type == "choice"
        assert task in dict(row["choices"])
        assert simple_document("train", QueryDict(f"f-model=a/b&f-task={task}"), document) == document


def test_a_training_starts_with_the_data_that_the_address_names():
    document = starter("train", QueryDict("data=alice/rows&model=a/b"), None, "alice")
    assert document["data"] == [{"data": "alice/rows", "split": "train"}]
    assert draft_new("train", document).tab == "form"


def test_an_empty_number_says_what_the_recipe_means_by_it():
    fields = {row["field"].path: row["field"] for row in fields_of("train", {"kind": "train"})}
    bare = {"kind": "train", "model": "a/b", "data": [{"data": "demo/x"}]}
    for document, rate in (
        (bare, 1e-4),
        (bare | {"lora": {}}, 1e-3),
        (bare | {"model": None, "architecture": {}}, 1e-3),
    ):
        recipe = parse(document).recipe
        assert recipe.learning_rate == rate
        assert f"{rate:g}" in fields["learning_rate",].help
        assert parse(recipe_to_yaml(recipe)).recipe == recipe
    for name in ("epochs", "batch_size", "weight_decay"):
        assert value_of(fields[name,].default) == getattr(recipe, name)


def test_an_adapter_on_a_model_or_the_base_is_shown_and_kept_until_it_is_taken_out():
    base, source = {"model": "demo/base", "adapter": "demo/lora"}, {"model": "demo/a", "adapter": "demo/other@main"}
    document = DOCUMENT | {"base": base, "sources": [DOCUMENT["sources"][0] | source, DOCUMENT["sources"][1]]}
    assert form_fits(document)
    form = form_of(document, namespace="alice")
    assert (form.base, form.base_adapter) == ("demo/base", "demo/lora")
    assert [row.adapter for row in form.sources] == ["demo/other@main", ""]
    assert form.sources[0].extra == ""
    data = posted(document)
    assert document_of(data) == document
    data["s-0-adapter"] = data["base_adapter"] = " "
    assert document_of(data) == DOCUMENT


@pytest.mark.parametrize(
    "base",
    [["demo/base"], {"model": "demo/base"}, {"model": "a/b", "adapter": 3}, {"model": "a/b", "adapter": "c/d", "x": 1}],
)
def test_a_base_that_says_more_or_less_stays_text(base):
    assert not form_fits(DOCUMENT | {"base": base})


@pytest.mark.parametrize("adapter", [3, ""])
def test_an_adapter_that_is_no_name_travels_along_unseen(adapter):
    document = DOCUMENT | {"sources": [DOCUMENT["sources"][0] | {"adapter": adapter}, DOCUMENT["sources"][1]]}
    assert form_of(document, namespace="alice").sources[0].adapter == ""
    assert document_of(posted(document)) == document


def test_a_wrong_adapter_is_the_only_thing_said_of_it():
    document = {"kind": "train", "model": "a/b", "data": [{"data": "demo/x"}], "lora": {"rank": 0}}
    assert [finding.where for finding in parse(document).findings] == ["lora.rank"]


def test_data_without_a_split_is_shown_as_what_it_means():
    document = {"kind": "train", "model": "a/b", "data": [{"data": "demo/x"}], "validation": {"data": "demo/y"}}
    shown = {row["field"].path: row["value"] for row in fields_of("train", document)}
    assert (shown["data",], shown["validation",]) == ("demo/x", "demo/y test")


@pytest.mark.parametrize(
    ("rows", "fits"),
    [([{"data": "a/b", "split": "test"}], True), ([{"benchmark": "digits"}], True), ([{"data": "a/b", "columns": {"text": "x"}}], False), (["a/b"], False), ("a/b", False), (None, True)],
)  # fmt: skip
def test_a_recipe_that_says_more_of_its_data_than_a_line_can_stays_text(rows, fits):
    document = {"kind": "evaluate", "models": ["a/b"], "data": rows}
    assert simple_fits("evaluate", document) is fits
    assert draft_new("evaluate", document).tab == ("form" if fits else "yaml")

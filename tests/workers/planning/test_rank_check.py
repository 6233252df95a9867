"""Which entries fit a labelled sample, from headers alone; everything that is wrong at once."""

import pytest

from tests.workers.planning.test_try_check import CONFIGS, WEIGHT
from workers.contracts.facts import FileFact, RepoFacts
from workers.contracts.recipes import Measure, RankRecipe
from workers.planning.check import check
from workers.planning.rank import rank_task


def entry(name, **changes):
    config = CONFIGS.get(name, {})
    fields = {"repo": f"alice/{name}", "artifact": "model", "config": config, "tensors": WEIGHT, "parameters": 4}
    return RepoFacts(**fields | changes)


def dataset(columns, rows=100):
    return RepoFacts(repo="alice/data", repo_type="dataset", columns=columns, splits={"test": rows})


PICTURES = {"image": "image", "label": "string"}
SENTENCES = {"text": "string", "label": "string"}
SCORES = {"text": "string", "score": "double"}
TABLE = {"a": "double", "b": "int64", "label": "string"}
MODELS = {
    "alice/vit": entry("vit"), "alice/bert": entry("bert", tokenizer_digest="t"), "alice/gpt2": entry("gpt2", tokenizer_digest="t"),
    "alice/mute": entry("bert"), "alice/own": entry("own"), "alice/none": None,
    "alice/table": entry("table", tensors={}, files=(FileFact(path="model.onnx", size_bytes=9),)),
    "alice/lora": entry("lora", artifact="adapter", config={}, base=("alice/bert",)),
}  # fmt: skip


def ranked(columns, *models, rows=100, measure=None, **recipe):
    facts = MODELS | {"alice/data": dataset(columns, rows)}
    item = Measure(data="alice/data", **measure or {})
    return check(RankRecipe(models=models, data=(item,), **recipe), facts)


def told(checked):
    return [(finding.code, finding.where) for finding in checked.findings]


@pytest.mark.parametrize(
    ("columns", "task"),
    [
        (PICTURES, "image-classification"), (SENTENCES, "text-classification"), (SCORES, "text-regression"),
        (TABLE, "tabular-classification"), ({"a": "double", "target": "double"}, "tabular-regression"),
    ],
)  # fmt: skip
def test_task_is_the_one_that_the_data_is_labelled_for(columns, task):
    assert rank_task(Measure(data="alice/data"), dataset(columns)).name == task


@pytest.mark.parametrize(
    ("columns", "models"),
    [
        (PICTURES, ["alice/vit"]),
        (SENTENCES, ["alice/bert", "alice/gpt2", "alice/lora"]),
        (SCORES, ["alice/bert", "alice/gpt2"]),
        (TABLE, ["alice/table"]),
    ],
)  # fmt: skip
def test_takes_every_entry_that_can_look_at_the_sample(columns, models):
    checked = ranked(columns, *models)
    assert told(checked) == []
    assert checked.agreements == (f"{len(models)} model{'s' if len(models) > 1 else ''}, 100 examples.",)
    assert checked.estimate.memory_bytes > 0


@pytest.mark.parametrize(
    ("config", "tokenizer", "columns"),
    [
        ({"model_type": "distilbert", "architectures": ["DistilBertModel"]}, "t", SENTENCES),
        ({"model_type": "dinov2", "architectures": ["Dinov2Model"], "image_size": 8, "num_channels": 1}, "", PICTURES),
    ],
)
def test_takes_encoders_without_a_head(config, tokenizer, columns):
    held = entry("bare", config=config, tokenizer_digest=tokenizer)
    facts = MODELS | {"alice/data": dataset(columns), "alice/bare": held}
    recipe = RankRecipe(models=("alice/bare",), data=(Measure(data="alice/data"),))
    assert told(check(recipe, facts)) == []


def test_refuses_entries_that_cannot_all_at_once():
    checked = ranked(
        SENTENCES, "alice/bert", "alice/vit", "alice/mute", "alice/own", "alice/none", "alice/table", "alice/bert"
    )
    assert told(checked) == [
        ("task_mismatch", "models[1]"), ("tokenizer_missing", "models[2]"), ("needs_code", "models[3]"), ("not_found", "models[4]"),
        ("task_mismatch", "models[5]"), ("duplicate_model", "models[6]"),
    ]  # fmt: skip
    assert all(finding.repair for finding in checked.findings)


def test_refuses_data_without_labels():
    assert told(ranked({"text": "string"}, "alice/bert")) == [("task_unknown", "data[0]")]
    assert told(ranked({"text": "string"}, "alice/bert", measure={"task": "text-classification"})) == [
        ("column_missing", "data[0]")
    ]
    assert told(ranked(SENTENCES, "alice/bert", measure={"task": "causal-lm"})) == [("task_unknown", "data[0].task")]


def test_refuses_a_sample_too_small_to_tell_anything():
    assert told(ranked(SENTENCES, "alice/bert", rows=19)) == [("too_few_examples", "data[0].split")]


def test_knows_the_estimators_by_name():
    checked = ranked(SENTENCES, "alice/bert", estimators=("logme", "hscor"))
    assert told(checked) == [("estimator_unknown", "estimators[1]")]
    assert "Did you mean hscore?" in checked.findings[0].message
    assert told(ranked(SCORES, "alice/bert", estimators=("leep",))) == [("estimator_undefined", "estimators[0]")]


def test_needs_models():
    assert told(ranked(SENTENCES)) == [("nothing_fits", "models")]


def test_data_that_is_not_there_is_said_once():
    facts = MODELS | {"alice/data": None}
    checked = check(RankRecipe(models=("alice/bert",), data=(Measure(data="alice/data"),)), facts)
    assert told(checked) == [("not_found", "data[0].data")]


def test_what_no_machine_holds_is_refused():
    wide = entry("gpt2", tokenizer_digest="t", config=CONFIGS["gpt2"] | {"n_embd": 2**20})
    facts = MODELS | {"alice/data": dataset(SENTENCES, 10**6), "alice/wide": wide}
    recipe = RankRecipe(models=("alice/wide",), data=(Measure(data="alice/data"),), limit=100_000)
    assert told(check(recipe, facts)) == [("does_not_fit", "limit")]


def test_built_in_data_can_be_ranked_for():
    from workers.planning.builtins import builtin_facts

    name = "builtin:digits"
    facts = MODELS | {name: builtin_facts(name)}
    vit = entry("vit", config=CONFIGS["vit"] | {"image_size": 8, "num_channels": 1})
    recipe = RankRecipe(models=("alice/vit",), data=(Measure(data=name),))
    assert told(check(recipe, facts | {"alice/vit": vit})) == []

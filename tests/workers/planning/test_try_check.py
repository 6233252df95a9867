"""One input of a task: everything that is wrong with it at once, before anything is read."""

import base64
import io
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from workers.contracts.facts import FileFact, RepoFacts, TensorFact
from workers.contracts.recipes import TryRecipe
from workers.planning.check import check
from workers.planning.pictures import picture_size
from workers.planning.try_inputs import MAX_CHARACTERS, MAX_FEATURES, picture_bytes

WEIGHT = {"weight": TensorFact(dtype="F32", shape=(2, 2), file="model.safetensors", begin=0, end=16)}
CONFIGS = {
    "vit": {"model_type": "vit", "architectures": ["ViTForImageClassification"], "id2label": {"0": "a", "1": "b"}},
    "bert": {"model_type": "bert", "architectures": ["BertForSequenceClassification"], "id2label": {"0": "a", "1": "b"}},
    "gpt2": {"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"]},
    "own": {"model_type": "own", "architectures": ["OwnModel"], "auto_map": {"AutoModel": "own.Own"}},
}  # fmt: skip


def entry(name, **changes):
    config = CONFIGS.get(name, {})
    return RepoFacts(
        **{"repo": f"alice/{name}", "artifact": "model", "config": config, "tensors": WEIGHT, "parameters": 4} | changes
    )


FACTS = {f"alice/{name}": entry(name) for name in CONFIGS} | {
    "alice/table": entry("table", tensors={}, files=(FileFact(path="model.onnx", size_bytes=9),)),
    "alice/empty": entry("vit", tensors={}),
    "alice/family": entry("vit", artifact="family"),
    "alice/lora": entry("lora", artifact="adapter", config={}, base=("alice/bert",)),
    "alice/lost": entry("lora", artifact="adapter", config={}, base=("alice/gone",)),
    "alice/unsaid": entry("lora", artifact="adapter", config={}),
    "alice/stacked": entry("lora", artifact="adapter", config={}, base=("alice/lora",)),
}


def codes(model, input, **recipe):
    found = check(TryRecipe(model=model, input=input, **recipe), FACTS).findings
    assert all(finding.message and finding.where for finding in found)
    return [(finding.code, finding.where) for finding in found]


def picture(width=4, height=3, form="PNG", **options):
    data = io.BytesIO()
    Image.new("RGB", (width, height), "red").save(data, form, **options)
    return base64.b64encode(data.getvalue()).decode()


@pytest.mark.parametrize(
    ("model", "input", "recipe"),
    [
        ("alice/vit", {"image": picture()}, {}),
        ("alice/vit", {"image": "data:image/jpeg;base64," + picture(form="JPEG")}, {}),
        ("alice/bert", {"text": "good"}, {}),
        ("alice/bert", {"text": "good", "text_pair": "bad"}, {"task": "text-classification"}),
        ("alice/bert", {"text": "good", "text_pair": "bad"}, {"task": "sentence-similarity"}),
        ("alice/gpt2", {"text": "def"}, {}),
        ("alice/gpt2", {"question": "2 + 2 =", "choices": ["4", "5"]}, {"task": "multiple-choice"}),
        ("alice/table", {"features": [1, 2.5]}, {"task": "tabular-regression"}),
        ("alice/lora", {"text": "good"}, {}),
    ],
)  # fmt: skip
def test_takes_one_input_of_the_task(model, input, recipe):
    checked = check(TryRecipe(model=model, input=input, **recipe), FACTS)
    assert checked.findings == ()
    assert checked.agreements
    assert checked.estimate.memory_bytes > 0


@pytest.mark.parametrize(
    ("model", "code"),
    [
        ("alice/own", "needs_code"), ("alice/gone", "not_found"), ("alice/family", "wrong_artifact"), ("alice/empty", "no_weights"),
        ("alice/lost", "adapter_base_missing"), ("alice/unsaid", "adapter_without_base"), ("alice/stacked", "wrong_artifact"),
    ],
)  # fmt: skip
def test_refuses_entries_that_cannot_be_run(model, code):
    assert codes(model, {"text": "good"}) == [(code, "model")]


def test_native_architecture_with_code_beside_it_needs_no_code():
    facts = FACTS | {"alice/bert": entry("bert", config=CONFIGS["bert"] | {"auto_map": {"AutoModel": "own.Own"}})}
    assert check(TryRecipe(model="alice/bert", input={"text": "good"}), facts).findings == ()


def test_refuses_a_task_that_the_entry_is_not_made_for():
    assert codes("alice/vit", {"text": "good"}, task="causal-lm") == [("task_mismatch", "task")]
    assert codes("alice/vit", {"image": picture()}, task="nonsense") == [("task_unknown", "task")]


def test_tells_everything_at_once():
    found = codes("alice/gpt2", {"question": " ", "choices": ["a"], "colour": 1}, task="multiple-choice")
    assert set(found) == {
        ("input_empty", "input.question"),
        ("input_count", "input.choices"),
        ("input_unknown", "input.colour"),
    }


@pytest.mark.parametrize(
    ("model", "input", "code"),
    [
        ("alice/bert", {}, "input_missing"),
        ("alice/bert", {"text": 7}, "wrong_type"),
        ("alice/bert", {"text": "a" * (MAX_CHARACTERS + 1)}, "input_too_large"),
        ("alice/vit", {"image": "not base64!"}, "picture_unreadable"),
        ("alice/vit", {"image": base64.b64encode(b"GIF89a" + b"\0" * 40).decode()}, "picture_unreadable"),
        ("alice/vit", {"image": "A" * 7_000_000}, "input_too_large"),
        ("alice/vit", {"image": ["x"]}, "wrong_type"),
        ("alice/table", {"features": [1.0] * (MAX_FEATURES + 1)}, "input_count"),
        ("alice/table", {"features": []}, "input_count"),
        ("alice/table", {"features": "1, 2"}, "wrong_type"),
        ("alice/table", {"features": [1, True]}, "wrong_type"),
        ("alice/table", {"features": [10**400]}, "wrong_type"),
        ("alice/table", {"features": [1, math.inf]}, "wrong_type"),
    ],
)  # fmt: skip
def test_refuses_inputs_that_are_none_of_the_task(model, input, code):
    recipe = TryRecipe.model_construct(kind="try", model=model, input=input, task=None, seed=0, output=None)
    assert [finding.code for finding in check(recipe, FACTS).findings] == [code]


def test_refuses_a_picture_of_more_pixels_than_are_tried():
    """A header is enough: nothing is decoded to find out."""
    data = bytearray(picture_bytes(picture()) or b"")
    data[16:24] = (2001).to_bytes(4, "big") + (2000).to_bytes(4, "big")
    found = codes("alice/vit", {"image": base64.b64encode(bytes(data)).decode()})
    assert found == [("input_too_large", "input.image")]


@pytest.mark.parametrize("options", [{"form": "PNG"}, {"form": "JPEG"}, {"form": "JPEG", "progressive": True}])
def test_reads_the_size_from_the_header(options):
    assert picture_size(picture_bytes(picture(33, 21, **options)) or b"") == (33, 21)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=60), st.sampled_from([b"", b"\xff\xd8", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n"]))
def test_header_of_any_bytes_is_read_without_failing(tail, head):
    picture_size(head + tail)


def test_many_strange_keys_are_one_finding():
    found = codes("alice/bert", {"text": "good"} | {f"key-{index}": index for index in range(5000)})
    assert found == [("input_unknown", "input")]

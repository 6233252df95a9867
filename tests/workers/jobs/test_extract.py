"""The extract job with fake ports: every form against the dense float64 formula, its papers, and what it refuses."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.builders import finetuned, model_folder, vit_family, vit_state
from tests.workers.jobs.ports import fake_ports
from workers.contracts.errors import Cancelled, UserError
from workers.contracts.jobs import Input, JobRequest
from workers.contracts.manifests import Manifest
from workers.contracts.parsing import parse
from workers.contracts.plans import LicenceVerdict
from workers.engine.io.deltas import DeltaReader
from workers.engine.io.digest import digest_of_folder
from workers.engine.io.reader import Reader, facts_of_weights
from workers.jobs.extract import run
from workers.planning.check import check
from workers.planning.folder import facts_of_folder


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    base, tuned, *_ = vit_family(tmp_path_factory.mktemp("models"))
    return base, tuned


def request_of(base, tuned, **options):
    parsed = parse(
        {"kind": "extract", "base": "demo/base", "model": "demo/tuned", "output": {"repo": "alice/change"}} | options
    )
    assert parsed.recipe is not None, parsed.findings
    facts = {
        f"demo/{name}": facts_of_folder(folder).model_copy(
            update={"repo": f"demo/{name}", "commit": mark * 40, "licence": "Apache-2.0"}
        )
        for name, folder, mark in (("base", base, "1"), ("tuned", tuned, "2"))
    }
    checked = check(parsed.recipe, facts)
    assert checked.plan is not None, checked.findings
    inputs = (
        Input(role="base", reference="demo/base", facts=facts["demo/base"]), Input(role="model", reference="demo/tuned", facts=facts["demo/tuned"]),
    )  # fmt: skip
    return JobRequest(
        kind="extract", recipe=parsed.recipe.model_dump(mode="json"), inputs=inputs, plan=checked.plan,
        licence=LicenceVerdict(verdict="allow", licence="Apache-2.0"),
    )  # fmt: skip


def extracted(root, base, tuned, *, cancel_at=None, threads=1, **options):
    request = request_of(base, tuned, **options).model_copy(update={"threads": threads})
    ports = fake_ports(root, request, {("base", 0): base, ("model", 0): tuned}, cancel_at)
    return run(ports), ports.workspace.out


def applied(base, out):
    with Reader(base) as before, DeltaReader(out, before) as reader:
        return {name: reader.tensor(name, fact).double().numpy() for name, fact in facts_of_weights(base).items()}


def changes(base, tuned):
    before, after = load_file(base / "model.safetensors"), load_file(tuned / "model.safetensors")
    return {name: (after[name].double() - before[name].double()).numpy() for name in before}


def wanted(change, form):
    """What is left of a change, from the definition of the form."""
    values = change.ravel()
    if form == "sparse":
        kept = np.zeros(values.size)
        places = np.argsort(-np.abs(values), kind="stable")[: max(1, int(0.2 * values.size))]
        kept[places] = values[places]
        return kept.reshape(change.shape)
    if form == "one_bit" and change.ndim > 1:
        return np.where(change > 0, 1, -1) * np.abs(change).mean()
    if form == "low_rank" and change.ndim > 1:
        matrix = change.reshape(change.shape[0], -1)
        if 3 * sum(matrix.shape) < matrix.size:
            u, s, v = np.linalg.svd(matrix, full_matrices=False)
            return (u[:, :3] * s[:3] @ v[:3]).reshape(change.shape)
    return change


@pytest.mark.parametrize("form", ["dense", "sparse", "low_rank", "one_bit"])
def test_stores_what_the_form_says_and_measures_what_it_loses(form, models, tmp_path):
    base, tuned = models
    result, out = extracted(tmp_path, base, tuned, form=form, density=0.2, rank=3)
    found, before = applied(base, out), load_file(base / "model.safetensors")
    lost = total = 0.0
    for name, change in changes(base, tuned).items():
        left = wanted(change, form)
        assert np.allclose(found[name] - before[name].double().numpy(), left, atol=2e-6), name
        row = result.report["tensors"][name]
        assert row["error"] == pytest.approx(np.linalg.norm(change - left) / np.linalg.norm(change), abs=1e-5)
        lost, total = lost + np.linalg.norm(change - left) ** 2, total + np.linalg.norm(change) ** 2
    assert result.report["summary"]["error"] == pytest.approx((lost / total) ** 0.5, abs=1e-5)
    size = (out / "task_vector.safetensors").stat().st_size
    assert result.report["summary"]["ratio"] == pytest.approx(
        size / sum(f.size_bytes for f in facts_of_weights(tuned).values())
    )
    assert result.tensor_digest == digest_of_folder(out)


def test_leaves_papers_that_name_the_base(models, tmp_path):
    base, tuned = models
    result, out = extracted(tmp_path, base, tuned, form="sparse")
    assert {file.path for file in result.files} >= {
        "README.md",
        "genepool.json",
        "recipe.yaml",
        "report.json",
        "task_vector.json",
    }
    manifest = Manifest.model_validate_json((out / "genepool.json").read_bytes())
    assert (manifest.artifact, manifest.kind) == ("task_vector", "extract")
    assert [(parent.repo, parent.relation) for parent in manifest.parents] == [
        ("demo/tuned", "delta_of"),
        ("demo/base", "base"),
    ]
    description = json.loads((out / "task_vector.json").read_text())
    assert description["base_digest"] == digest_of_folder(base)
    facts = facts_of_folder(out)
    assert (facts.artifact, facts.base, facts.delta["base_digest"]) == (
        "task_vector",
        ("demo/base",),
        description["base_digest"],
    )
    assert parse((out / "recipe.yaml").read_text()).recipe is not None


def test_does_not_apply_to_other_weights(models, tmp_path):
    base, tuned = models
    _, out = extracted(tmp_path, base, tuned)
    other = model_folder(tmp_path / "other", vit_state(seed=77))
    with pytest.raises(UserError) as caught:
        applied(other, out)
    assert caught.value.findings[0].code == "other_base"


@pytest.mark.parametrize("form", ["sparse", "low_rank"])
def test_stopped_and_taken_up_again_on_any_threads_it_gives_the_same_bytes(form, models, tmp_path, monkeypatch):
    monkeypatch.setattr("workers.engine.extract.units.UNIT_BYTES", 4000)
    base, tuned = models
    extracted(tmp_path / "a", base, tuned, form=form)
    for at in (5, 25, None):
        try:
            second, _ = extracted(tmp_path / "b", base, tuned, form=form, cancel_at=at, threads=3)
        except Cancelled:
            assert at is not None
    assert second.resumed_units > 0
    name = "task_vector.safetensors"
    assert (tmp_path / "a" / "out" / name).read_bytes() == (tmp_path / "b" / "out" / name).read_bytes()


def test_an_adapter_of_full_rank_is_the_fine_tune(models, tmp_path):
    """As transformers and peft see it: linear layers as factors, everything else that changed whole."""
    from transformers import AutoModelForImageClassification

    from workers.engine.predict.load import load_predictor

    base, tuned = models
    result, out = extracted(tmp_path, base, tuned, form="low_rank", layout="adapter", rank=64)
    assert result.report["summary"]["error"] < 1e-5
    pictures = np.random.default_rng(0).random((3, 1, 8, 8), dtype=np.float32)
    found = load_predictor(out, task="image-classification", name="a", base_folder=base)
    with torch.no_grad():
        model = AutoModelForImageClassification.from_pretrained(tuned).eval()
        logits = model(pixel_values=torch.from_numpy(pictures)).logits.double().numpy()
    assert np.allclose(found.classify({"image": pictures}), logits, atol=1e-4)


def test_energy_takes_as_few_directions_as_hold_it(models, tmp_path):
    base, tuned = models
    from workers.engine.predict.load import load_predictor

    result, out = extracted(tmp_path, base, tuned, form="low_rank", layout="adapter", rank=64, energy=0.5)
    load_predictor(out, task="image-classification", name="a", base_folder=base)
    assert json.loads((out / "adapter_config.json").read_text())["rank_pattern"]
    ranks = {name: row["rank"] for name, row in result.report["tensors"].items() if row["rank"]}
    for name, change in changes(base, tuned).items():
        if name in ranks:
            share = np.cumsum(np.linalg.svd(change, compute_uv=False) ** 2) / np.sum(change**2)
            assert ranks[name] == int(np.argmax(share >= 0.5 - 1e-9)) + 1


def test_a_random_projection_comes_near_the_best(tmp_path):
    from workers.engine.extract.directions import strongest

    generator = torch.Generator().manual_seed(0)
    u, _ = torch.linalg.qr(torch.randn(90, 40, generator=generator, dtype=torch.float64))
    v, _ = torch.linalg.qr(torch.randn(70, 40, generator=generator, dtype=torch.float64))
    values = 0.7 ** torch.arange(40, dtype=torch.float64)
    matrix = (u * values) @ v.mT
    options = {"rank": 8, "energy": None, "solver": "randomised"}
    left, found, right = strongest(matrix, options, "w", 1)
    assert torch.allclose(found, values[:8], rtol=1e-3)
    best = float(values[8:].norm())
    assert float((matrix - (left * found) @ right.mT).norm()) < 1.01 * best
    again = strongest(matrix, options, "w", 1)
    assert torch.equal(again[0], left)
    assert not torch.equal(strongest(matrix, options, "other", 1)[0], left)


def test_refuses_models_without_a_change(models, tmp_path):
    base, _ = models
    same = model_folder(
        tmp_path / "same", load_file(base / "model.safetensors"), config=json.loads((base / "config.json").read_text())
    )
    with pytest.raises(UserError) as caught:
        extracted(tmp_path, base, same)
    assert caught.value.findings[0].code == "nothing_changed"


def test_entries_that_are_no_numbers_are_kept_and_told(models, tmp_path):
    base, _ = models
    state = finetuned(load_file(base / "model.safetensors"), seed=3)
    name = next(key for key, tensor in state.items() if tensor.dim() == 2)
    state[name][0, 0] = float("nan")
    broken = model_folder(tmp_path / "broken", state, config=json.loads((base / "config.json").read_text()))
    result, out = extracted(tmp_path, base, broken, form="one_bit")
    assert [(found["code"], found["where"]) for found in result.report["findings"]] == [("not_finite", name)]
    assert np.isnan(applied(base, out)[name][0, 0])


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"layout": "adapter", "form": "sparse"}, "form_unfit"),
        ({"include": ["nothing*"]}, "matches_nothing"),
        ({"base": "demo/tuned"}, "source_equals_base"),
        ({"model": "demo/none"}, "not_found"),
    ],
)
def test_is_refused_before_anything_is_read(options, code, models):
    base, tuned = models
    parsed = parse({"kind": "extract", "base": "demo/base", "model": "demo/tuned"} | options)
    facts = {
        f"demo/{name}": facts_of_folder(folder).model_copy(update={"repo": f"demo/{name}", "commit": name})
        for name, folder in (("base", base), ("tuned", tuned))
    }
    checked = check(parsed.recipe, facts | {"demo/none": None})
    assert code in {found.code for found in checked.findings if found.severity == "error"}
    assert checked.plan is None


@pytest.mark.parametrize("embeddings", ["whole", "low_rank"])
def test_transposed_layers_and_embeddings_of_gpt2_come_out_as_peft_reads_them(embeddings, tmp_path):
    """Conv1D stores its weight as [in, out]; an embedding's factors are transposed again, and its head is tied to it."""
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    from tests.text_models import gpt2_folder

    base = gpt2_folder(tmp_path / "base")
    tuned = gpt2_folder(tmp_path / "tuned")
    state = load_file(base / "model.safetensors")
    draws = torch.Generator().manual_seed(3)
    changed = {name: tensor + 0.1 * torch.randn(tensor.shape, generator=draws) for name, tensor in state.items()}
    save_file(changed, tuned / "model.safetensors", metadata={"format": "pt"})
    result, out = extracted(
        tmp_path, base, tuned, form="low_rank", layout="adapter", rank=64, embeddings=embeddings, solver="exact"
    )
    assert result.report["summary"]["error"] < 1e-5
    factors = load_file(out / "adapter_model.safetensors")
    assert any("lora_embedding_A" in name for name in factors) == (embeddings == "low_rank")
    tokens = torch.arange(12).reshape(2, 6)
    with torch.no_grad():
        wanted = AutoModelForCausalLM.from_pretrained(tuned).eval()(tokens).logits
        plain = AutoModelForCausalLM.from_pretrained(base)
        adapted = PeftModel.from_pretrained(plain, out).eval()
        assert torch.allclose(adapted(tokens).logits, wanted, atol=2e-4)
        assert torch.allclose(adapted.merge_and_unload()(tokens).logits, wanted, atol=2e-4)

"""Combinations of adapters against the dense float64 formula, and against peft where peft is right."""

import warnings

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.adapters import BASE, Net, adapter_folder, changes, factors
from tests.workers.engine.merge.adapter_runs import BY_FACTORS, METHODS, checked, combined, plan_of
from tests.workers.jobs.ports import FakeCancel, FakeReporter
from workers.contracts.errors import UserError
from workers.contracts.parsing import parse
from workers.engine.execute import execute
from workers.planning.check import check
from workers.planning.folder import facts_of_folder

WEIGHTS = (0.8, -0.5)
DETERMINISTIC = [type for type in METHODS if "dare" not in type]


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    root = tmp_path_factory.mktemp("pair")
    return [adapter_folder(root / f"a{seed}", seed=seed, alpha=3.0 + seed) for seed in range(2)]


def pruned(x, density):
    k = int(density * x.size)
    flat = np.zeros(x.size)
    kept = np.argsort(-np.abs(x.ravel()), kind="stable")[:k]
    flat[kept] = x.ravel()[kept]
    return flat.reshape(x.shape)


def put_together(type, tensors, weights, density, vote="total"):
    """The operation on one list of tensors, from its definition."""
    if type == "linear":
        return sum(w * x for w, x in zip(weights, tensors, strict=True))
    kept = [pruned(x, density) for x in tensors]
    if type == "magnitude_prune":
        return sum(w * x for w, x in zip(weights, kept, strict=True))
    elected = np.where(sum(np.sign(x) if vote == "frequency" else x for x in kept) >= 0, 1, -1)
    matching = [np.sign(x) == elected for x in kept]
    return sum(w * x * m for w, x, m in zip(weights, kept, matching, strict=True)) / np.maximum(sum(matching), 1)


def cut(matrix, rank):
    left, values, right = np.linalg.svd(matrix, full_matrices=False)
    return left[:, :rank] * values[:rank] @ right[:rank]


def expected(type, folders, weights, density=0.5, rank=4, vote="total"):
    """The change of every module, dense."""
    parts = [factors(folder) for folder in folders]
    result = {}
    for name in parts[0]:
        a, b, s = zip(*(part[name] for part in parts), strict=True)
        dense = [x * y @ z for x, y, z in zip(s, b, a, strict=True)]
        if type == "cat":
            result[name] = sum(w * d for w, d in zip(weights, dense, strict=True))
        elif type == "svd":
            result[name] = cut(sum(w * d for w, d in zip(weights, dense, strict=True)), rank)
        elif type.endswith("_svd"):
            result[name] = cut(put_together(type.removesuffix("_svd"), dense, weights, density, vote), rank)
        else:
            v = [w * x for w, x in zip(weights, s, strict=True)]
            roots = [abs(x) ** 0.5 for x in v]
            signed = [np.sign(x) * r for x, r in zip(v, roots, strict=True)]
            result[name] = put_together(type, b, roots, density, vote) @ put_together(type, a, signed, density, vote)
    return result


def assert_close(got, wanted, tolerance=2e-6):
    assert set(got) == set(wanted)
    for name, matrix in wanted.items():
        assert np.linalg.norm(got[name] - matrix) <= tolerance * max(np.linalg.norm(matrix), 1e-3), name


@pytest.mark.parametrize("type", DETERMINISTIC)
def test_gives_the_dense_formula(type, pair, tmp_path):
    combined(pair, tmp_path / "out", type, WEIGHTS)
    assert_close(changes(tmp_path / "out"), expected(type, pair, WEIGHTS))


@pytest.mark.parametrize("type", ["ties", "ties_svd"])
def test_votes_by_number_where_asked(type, pair, tmp_path):
    combined(pair, tmp_path / "out", type, WEIGHTS, majority_sign_method="frequency", density=0.7)
    assert_close(changes(tmp_path / "out"), expected(type, pair, WEIGHTS, density=0.7, vote="frequency"))


@pytest.mark.parametrize("type", [type for type in METHODS if "dare" in type])
def test_what_is_drawn_is_right_on_average(type, pair, tmp_path):
    """Without dropping it is the operation without pruning; with it, the mean over seeds comes near where the sum is linear."""
    combined(pair, tmp_path / "whole", type, WEIGHTS, density=1.0)
    plain = {"dare_linear": "linear", "dare_ties": "ties"}[type.removesuffix("_svd")]
    undropped = plain + "_svd" if type.endswith("_svd") else plain
    assert_close(changes(tmp_path / "whole"), expected(undropped, pair, WEIGHTS, density=1.0))
    combined(pair, tmp_path / "one", type, WEIGHTS, seed=1)
    combined(pair, tmp_path / "again", type, WEIGHTS, seed=1)
    combined(pair, tmp_path / "two", type, WEIGHTS, seed=2)
    bytes_of = {name: (tmp_path / name / "adapter_model.safetensors").read_bytes() for name in ("one", "again", "two")}
    assert bytes_of["one"] == bytes_of["again"] != bytes_of["two"]


def test_dropping_scales_up_what_stays(pair, tmp_path):
    mean = {}
    for seed in range(8):
        combined(pair[:1], tmp_path / str(seed), "dare_linear_svd", [1.0], seed=seed, svd_rank=12, density=0.5)
        for name, change in changes(tmp_path / str(seed)).items():
            mean[name] = mean.get(name, 0) + change / 8
    for name, change in changes(pair[0]).items():
        # Each entry is x/d with odds d: its standard error over 8 draws is |x|·√((1−d)/d/8).
        assert np.linalg.norm(mean[name] - change) < 1.35 * np.linalg.norm(change) / 8**0.5


@pytest.mark.parametrize("type", DETERMINISTIC)
def test_agrees_with_peft(type, pair, tmp_path):
    """Linear layers and embeddings: peft fails on convolutions, see below."""
    from peft import PeftModel

    names = ("first", "second", "words")
    folders = [
        adapter_folder(tmp_path / f"p{seed}", seed=seed + 5, alpha=3.0 + seed, modules=names) for seed in range(2)
    ]
    combined(folders, tmp_path / "out", type, WEIGHTS, **({} if type in {"cat", "svd", "linear"} else {"density": 0.5}))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = PeftModel.from_pretrained(Net(), str(folders[0]), adapter_name="x")
        model.load_adapter(str(folders[1]), adapter_name="y")
        model.add_weighted_adapter(["x", "y"], list(WEIGHTS), "z", combination_type=type, density=0.5, svd_rank=4)
        model.load_adapter(str(tmp_path / "out"), adapter_name="ours")
    for name in names:
        layer = getattr(model.base_model.model, name)
        theirs, ours = layer.get_delta_weight("z"), layer.get_delta_weight("ours")
        assert torch.linalg.norm(theirs - ours) < 2e-5 * torch.linalg.norm(theirs), name


def test_what_peft_gets_wrong_is_right_here(tmp_path):
    """rsLoRA sources: peft 0.21.2 keeps `use_rslora` in the result, which is then too large by √rank."""
    from peft import PeftModel

    folders = [
        adapter_folder(tmp_path / f"r{seed}", seed=seed, modules=("first",), more={"use_rslora": True})
        for seed in range(2)
    ]
    combined(folders, tmp_path / "out", "cat", WEIGHTS)
    exact = sum(w * changes(folder)["first"] for w, folder in zip(WEIGHTS, folders, strict=True))
    assert_close(changes(tmp_path / "out"), {"first": exact})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = PeftModel.from_pretrained(Net(), str(folders[0]), adapter_name="x")
        model.load_adapter(str(folders[1]), adapter_name="y")
        model.add_weighted_adapter(["x", "y"], list(WEIGHTS), "z", combination_type="cat")
        model.load_adapter(str(tmp_path / "out"), adapter_name="ours")
    layer = model.base_model.model.first
    assert np.linalg.norm(layer.get_delta_weight("ours").detach().numpy() - exact) < 1e-5 * np.linalg.norm(exact)
    assert torch.allclose(layer.get_delta_weight("z"), layer.get_delta_weight("ours") * 8**0.5, atol=1e-5)


def test_peft_loads_ranks_of_each_module_and_convolutions(tmp_path):
    """Combinations of adapters with rank patterns: in peft 0.21.2 their result cannot be loaded again, nor convolutions decomposed."""
    from peft import PeftModel

    one = adapter_folder(tmp_path / "one", seed=1, ranks={"first": 2}, alphas={"second": 9.0})
    two = adapter_folder(tmp_path / "two", seed=2, rank=3, ranks={"conv": 5}, modules=("first", "conv", "words"))
    combined([one, two], tmp_path / "out", "svd", [1.0, 0.5], svd_rank=0)
    combined([one, two], tmp_path / "all", "cat", [1.0, 0.5])
    for out in ("out", "all"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = PeftModel.from_pretrained(Net(), str(tmp_path / out))
        for name, change in changes(tmp_path / out).items():
            loaded = getattr(model.base_model.model, name).get_delta_weight("default").detach()
            loaded = loaded.T if name == "words" else loaded.flatten(1)
            assert np.allclose(loaded.numpy(), change, atol=1e-5), name
    exact = {name: change + 0.5 * changes(two).get(name, 0) for name, change in changes(one).items()}
    assert_close(changes(tmp_path / "all"), exact)
    assert {name: a.shape[0] for name, (a, _, _) in factors(tmp_path / "all").items()} == {
        "first": 5, "second": 4, "conv": 9, "words": 7,
    }  # fmt: skip


def test_singular_values_beyond_the_ranks_are_zero(pair, tmp_path):
    combined(pair, tmp_path / "out", "svd", WEIGHTS, svd_rank=11)
    assert_close(changes(tmp_path / "out"), expected("cat", pair, WEIGHTS))


def test_says_how_far_a_result_is_from_the_sum(pair, tmp_path):
    for type in ("cat", "svd", "linear"):
        outcome = combined(pair, tmp_path / type, type, WEIGHTS)
        exact = expected("cat", pair, WEIGHTS)["first"]
        row = outcome.tensors["base_model.model.first.lora_B.weight"]
        error = np.linalg.norm(expected(type, pair, WEIGHTS)["first"] - exact) / np.linalg.norm(exact)
        assert row["error"] == pytest.approx(error, abs=1e-6)
        assert row["wanted"] == pytest.approx(np.linalg.norm(exact), rel=1e-6)
        assert row["norms"][1] == pytest.approx(np.linalg.norm(changes(pair[1])["first"]), rel=1e-6)


@pytest.mark.parametrize("type", METHODS)
def test_bytes_do_not_depend_on_threads(type, pair, tmp_path):
    files = []
    for threads in (1, 4):
        combined(pair, tmp_path / str(threads), type, WEIGHTS, threads=threads)
        files.append((tmp_path / str(threads) / "adapter_model.safetensors").read_bytes())
    assert files[0] == files[1]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_rounded_once(dtype, tmp_path):
    folders = [adapter_folder(tmp_path / f"h{seed}", seed=seed, dtype=dtype, modules=("first",)) for seed in range(2)]
    combined(folders, tmp_path / "out", "cat", [1.0, 1.0], dtype="float32")
    assert_close(changes(tmp_path / "out"), expected("cat", folders, [1.0, 1.0]))
    combined(folders, tmp_path / "half", "svd", [1.0, 1.0])
    assert_close(
        changes(tmp_path / "half"), expected("svd", folders, [1.0, 1.0]), 5e-3 if dtype is torch.float16 else 4e-2
    )


def test_one_adapter_scaled_is_itself(pair, tmp_path):
    for type in DETERMINISTIC:
        density = {} if type in {"cat", "svd", "linear"} else {"density": 1.0}
        combined(pair[:1], tmp_path / type, type, [-2.0], **density)
        assert_close(changes(tmp_path / type), {name: -2.0 * change for name, change in changes(pair[0]).items()})


def test_entries_that_are_no_numbers_are_counted_or_refused(tmp_path):
    folders = [adapter_folder(tmp_path / f"n{seed}", seed=seed, modules=("first",)) for seed in range(2)]
    path = folders[1] / "adapter_model.safetensors"
    state = load_file(path)
    state["base_model.model.first.lora_A.weight"][0, 0] = float("nan")
    save_file(state, path)
    outcome = combined(folders, tmp_path / "cat", "cat", WEIGHTS)
    assert [finding.code for finding in outcome.findings] == ["not_finite"]
    for type in ("svd", "ties_svd"):
        with pytest.raises(UserError, match="NaN"):
            combined(folders, tmp_path / type, type, WEIGHTS)


def test_a_head_of_one_adapter_is_carried_and_of_several_refused_with_a_way_that_works(tmp_path):
    heads = [None, torch.ones(3, 4), torch.zeros(3, 4)]
    folders = [
        adapter_folder(
            tmp_path / f"w{seed}",
            seed=seed,
            modules=("first",),
            whole=None if head is None else {"classifier.weight": head},
        )
        for seed, head in enumerate(heads)
    ]
    combined(folders[:2], tmp_path / "out", "cat")
    state = load_file(tmp_path / "out" / "adapter_model.safetensors")
    assert torch.equal(state["base_model.model.classifier.weight"], heads[1])
    assert plan_of(folders[:2], "cat").config["modules_to_save"] == ["classifier"]
    result = checked(folders, "ties", density=0.4)
    (found,) = [entry for entry in result.findings if entry.severity == "error"]
    assert (found.code, found.where, result.plan) == ("whole_module_twice", "sources[2]", None)
    assert [(step["path"], step["value"]) for step in found.repair[0].patch] == [("/method", "ties"), ("/base", BASE)]
    (found,) = [
        entry for entry in checked(folders, "magnitude_prune", density=0.4).findings if entry.severity == "error"
    ]
    assert [step["op"] for step in found.repair[0].patch] == ["remove"]


def test_one_file_in_two_repos_brings_the_same_head(tmp_path):
    head = {"classifier.weight": torch.ones(3, 4)}
    folders = [adapter_folder(tmp_path / name, seed=1, modules=("first",), whole=head) for name in "ab"]
    for sha256, severities in (("f" * 64, []), ("", ["error"])):
        facts = {}
        for folder in folders:
            held = facts_of_folder(folder)
            files = tuple(file.model_copy(update={"sha256": sha256}) for file in held.files)
            facts[str(folder)] = held.model_copy(update={"files": files})
        document = {"kind": "merge", "method": "adapter_cat", "sources": [{"model": name} for name in facts]}
        found = check(parse(document, local=True).recipe, facts).findings
        assert [entry.severity for entry in found if entry.code == "whole_module_twice"] == severities
    plan = plan_of(folders[:1], "cat")
    copied = plan.steps[-1]
    twice = copied.model_copy(update={"inputs": (copied.inputs[0], copied.inputs[0].model_copy(update={"source": 1}))})
    save_file(
        load_file(folders[1] / "adapter_model.safetensors") | {"base_model.model.classifier.weight": torch.zeros(3, 4)},
        folders[1] / "adapter_model.safetensors",
        {"format": "pt"},
    )
    with pytest.raises(UserError, match="differs between them"):
        execute(
            plan.model_copy(update={"steps": (*plan.steps[:-1], twice)}),
            folders,
            tmp_path / "no",
            tmp_path / "no-j",
            reporter=FakeReporter(),
            cancel=FakeCancel(),
        )


@pytest.mark.parametrize("at", [2, 5])
def test_stopped_and_taken_up_again_it_gives_the_same_bytes(at, pair, tmp_path):
    from workers.contracts.errors import Cancelled

    plan = plan_of(pair, "dare_ties_svd", WEIGHTS)
    for out, cancel in ((tmp_path / "a", None), (tmp_path / "b", at), (tmp_path / "b", None)):
        try:
            execute(
                plan, pair, out, tmp_path / f"{out.name}-journal", reporter=FakeReporter(), cancel=FakeCancel(cancel)
            )
        except Cancelled:
            assert cancel is not None
    name = "adapter_model.safetensors"
    assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert BY_FACTORS


def knotted(folders, weights, inner, density=0.5):
    """KnOTS on the dense changes, by one singular value decomposition."""
    parts, result = [changes(folder) for folder in folders], {}
    for name in parts[0]:
        dense = [part[name] for part in parts]
        left, values, right = np.linalg.svd(np.concatenate(dense, axis=1), full_matrices=False)
        kept = values > 1e-5
        aligned = np.split((values[kept, None] * right[kept]), len(dense), axis=1)
        result[name] = left[:, kept] @ put_together(inner, aligned, weights, density)
    return result


@pytest.mark.parametrize("inner", ["ties", "linear"])
def test_knots_is_the_inner_method_on_common_axes(inner, pair, tmp_path):
    combined(pair, tmp_path / "out", "knots", WEIGHTS, inner=inner)
    wanted = knotted(pair, WEIGHTS, inner)
    assert_close(changes(tmp_path / "out"), wanted)
    if inner == "linear":
        assert_close(wanted, expected("cat", pair, WEIGHTS), 1e-9)
    combined(pair, tmp_path / "cut", "knots", WEIGHTS, inner=inner, svd_rank=3)
    assert_close(changes(tmp_path / "cut"), {name: cut(matrix, 3) for name, matrix in wanted.items()})
    assert plan_of(pair, "knots").config["r"] == 8
    assert plan_of(pair, "knots", svd_rank=3).config["r"] == 3


def test_knots_draws_by_seed(pair, tmp_path):
    for name, seed in (("one", 1), ("again", 1), ("two", 2)):
        combined(pair, tmp_path / name, "knots", WEIGHTS, inner="dare_ties", seed=seed)
    files = [(tmp_path / name / "adapter_model.safetensors").read_bytes() for name in ("one", "again", "two")]
    assert files[0] == files[1] != files[2]
    combined(pair, tmp_path / "whole", "knots", WEIGHTS, inner="dare_ties", density=1.0)
    assert_close(changes(tmp_path / "whole"), knotted(pair, WEIGHTS, "ties", density=1.0))

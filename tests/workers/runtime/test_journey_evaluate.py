"""A merge that asks to be measured: a second job measures it beside its base and parents, on stored data."""

import pytest
import torch
from safetensors.torch import save_file

from hub.evals.models import Evaluation
from hub.jobs.models import Job
from hub.recipes.services import recipe_submit
from tests.builders import finetuned, model_folder, vit_config, vit_state
from tests.factories.accounts import make_user
from tests.factories.jobs import make_repo
from tests.workers.runtime.conftest import README, recipe
from workers.runtime.claim import Ledger
from workers.runtime.gpu import Device
from workers.runtime.tasks import claim_all

pytestmark = pytest.mark.journey
CARD = "---\nlicense: cc0-1.0\nsplits:\n  test: 24\n---\n# Digits\n"


def dataset_folder(folder):
    """24 random pictures of ten classes, as every dataset repo holds them."""
    generator = torch.Generator().manual_seed(7)
    tensors = {
        "images": torch.rand(24, 1, 8, 8, generator=generator),
        "labels": torch.arange(24) % 10,
        "index": torch.arange(24),
    }
    (folder / "data").mkdir(parents=True)
    save_file(tensors, folder / "data" / "test.safetensors")
    (folder / "README.md").write_text(CARD)
    return folder


def test_merge_is_measured_beside_its_parents(transactional_db, scratch, tmp_path):
    alice, base = make_user("alice"), vit_state(seed=0)
    for name, state in {"base": base, "one": finetuned(base, seed=1), "two": finetuned(base, seed=2)}.items():
        make_repo(alice, name, folder=model_folder(tmp_path / name, state, config=vit_config(), readme=README))
    make_repo(alice, "digits", type="dataset", folder=dataset_folder(tmp_path / "digits"))
    merge, _ = recipe_submit(user=alice, document=recipe(evaluate=[{"data": "alice/digits"}]))
    claim_all(Ledger(name="cpu@test/0", queues=["cpu"], device=Device(), memory_bytes=2**40))
    merge.refresh_from_db()
    assert merge.state == "succeeded", (merge.error, merge.traceback)
    evaluation = Job.objects.get(kind="evaluate")
    assert evaluation.state == "succeeded", (evaluation.error, evaluation.traceback)
    assert evaluation.parent == merge
    measured = Evaluation.objects.filter(job=evaluation).values_list("repo__full_name", flat=True)
    assert sorted(measured) == ["alice/base", "alice/merged", "alice/one", "alice/two"]
    assert evaluation.outputs.filter(path="report.json").exists()

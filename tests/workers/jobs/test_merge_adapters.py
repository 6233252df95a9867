"""A combination of adapters as a job: what it leaves, and that its result names the base."""

import json

from tests.adapters import adapter_folder, changes
from tests.workers.engine.merge.adapter_runs import plan_of
from tests.workers.jobs.ports import fake_ports
from workers.contracts.jobs import Input, JobRequest
from workers.contracts.manifests import Manifest
from workers.jobs.merge import run
from workers.planning.folder import facts_of_folder


def test_leaves_an_adapter_on_the_same_base(tmp_path):
    folders = [adapter_folder(tmp_path / f"a{seed}", seed=seed) for seed in range(2)]
    facts = [
        facts_of_folder(folder).model_copy(update={"repo": f"demo/{folder.name}", "commit": "1" * 40})
        for folder in folders
    ]
    recipe = {
        "kind": "merge", "method": "adapter_cat", "output": {"repo": "alice/both"},
        "sources": [{"model": f"demo/{folder.name}", "parameters": {"weight": 0.5}} for folder in folders],
    }  # fmt: skip
    request = JobRequest(
        kind="merge", recipe=recipe, plan=plan_of(folders, "cat", [0.5, 0.5]),
        inputs=tuple(Input(role="source", index=index, reference=f"demo/{f.repo}", facts=f) for index, f in enumerate(facts)),
    )  # fmt: skip
    ports = fake_ports(tmp_path / "job", request, {("source", index): folder for index, folder in enumerate(folders)})
    result = run(ports)
    out = ports.workspace.out
    assert {file.path for file in result.files} == {
        "README.md", "adapter_config.json", "adapter_model.safetensors", "genepool.json", "recipe.yaml", "report.json",
    }  # fmt: skip
    made = facts_of_folder(out)
    assert (made.artifact, made.base, made.adapter["r"], made.adapter["lora_alpha"]) == ("adapter", ("demo/net",), 8, 8)
    manifest = Manifest.model_validate_json((out / "genepool.json").read_bytes())
    assert [(parent.repo, parent.relation) for parent in manifest.parents] == [
        ("demo/a0", "merge_of"), ("demo/a1", "merge_of"), ("demo/net", "base"),
    ]  # fmt: skip
    report = json.loads((out / "report.json").read_text())
    assert report["summary"]["error"] < 1e-6
    assert set(report["tensors"]) == set(changes(out))

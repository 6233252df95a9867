"""TASK VECTOR: what a fine-tune changed, tensor by tensor, published without the weights it changed."""

from pathlib import Path

from workers.contracts.manifests import MANIFEST_FILE, Manifest, Parent
from workers.contracts.plans import LicenceVerdict
from workers.contracts.version import VERSION
from workers.demo.zoo import NAMESPACE, TASK_VECTOR_OF
from workers.jobs.outputs import write_json

FILE = "task_vector.safetensors"


def write_task_vector(tuned: Path, base: Path, out: Path) -> str:
    """`τ = θ_tuned - θ_base` for every tensor, float32. Gives the tensor digest.

    Source: Ilharco et al. 2022, arXiv:2212.04089, section 2.
    """
    from safetensors.torch import load_file, save_file

    from workers.engine.io.digest import digest_of_folder

    out.mkdir(parents=True, exist_ok=True)
    after, before = load_file(tuned / "model.safetensors"), load_file(base / "model.safetensors")
    save_file({name: after[name] - before[name] for name in sorted(before)}, out / FILE, {"format": "pt"})
    digest = digest_of_folder(out)
    parents = (
        Parent(repo=f"{NAMESPACE}/{TASK_VECTOR_OF}", commit="", relation="delta_of"),
        Parent(repo=f"{NAMESPACE}/digits-vit-base", commit="", relation="base"),
    )
    manifest = Manifest(
        artifact="task_vector", kind="extract", parents=parents, tensor_digest=digest, licence=LicenceVerdict(licence="Apache-2.0"),
        code_version=VERSION, determinism="A difference of float32 numbers: the same everywhere.",
    )  # fmt: skip
    write_json(out / MANIFEST_FILE, manifest.model_dump(mode="json", by_alias=True))
    return digest

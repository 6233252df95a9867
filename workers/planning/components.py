"""COMPONENTS: models of several parts, each in a folder with weights of its own and named in `model_index.json`, as diffusion pipelines are."""

from collections.abc import Iterable, Mapping
from typing import Any

from workers.contracts.facts import RepoFacts, TensorFact
from workers.contracts.findings import Finding
from workers.contracts.plans import TensorStep
from workers.planning.headers import Header
from workers.planning.weights import INDEX_ENDING, STEM, Read, inventory

PIPELINE_FILE = "model_index.json"
# What diffusion libraries call the weights of their own components; those of language encoders have the usual name.
DIFFUSION_STEM = "diffusion_pytorch_model"
_CARRIED = (".json", ".txt", ".model", ".jinja")


def tensors_of_repo(
    headers: Mapping[str, Header], files: Mapping[str, int], read: Read
) -> tuple[dict[str, TensorFact], list[Finding]]:
    """The tensors of the model, and what was noticed. Those of a component are called `component/name`."""
    is_whole = any("/" not in path for path in headers) or f"{STEM}{INDEX_ENDING}" in files
    if is_whole or PIPELINE_FILE not in files:
        return inventory(headers, files, read)
    tensors: dict[str, TensorFact] = {}
    findings: list[Finding] = []
    for component in sorted({path.partition("/")[0] for path in files if path.count("/") == 1}):
        own = _below(component, files)
        found, noticed = inventory(_below(component, headers), own, _read_below(component, read), stem=stem_of(own))
        for name, fact in found.items():
            tensors[f"{component}/{name}"] = fact.model_copy(update={"file": f"{component}/{fact.file}"})
        findings += [finding.model_copy(update={"where": f"{component}/{finding.where}"}) for finding in noticed]
    return tensors, findings


def stem_of(names: Iterable[str]) -> str:
    """How the weight files of a component are called, by the files that it has."""
    return DIFFUSION_STEM if any(name.startswith(DIFFUSION_STEM) for name in names) else STEM


def component_of(step: TensorStep) -> str:
    """The folder that the result of this step goes to; "" for a model in one piece."""
    return step.inputs[0].fact.component_of(step.name) if step.inputs else ""


def carried_components(facts: RepoFacts) -> list[str]:
    """Configs, tokenizers and schedulers of the components, and the file that names them; no other weights than the plan makes."""
    paths = [file.path for file in facts.files]
    if PIPELINE_FILE not in paths or not any("/" in tensor.file for tensor in facts.tensors.values()):
        return []
    return [path for path in paths if path == PIPELINE_FILE or _is_carried(path)]


def _is_carried(path: str) -> bool:
    return path.count("/") == 1 and path.endswith(_CARRIED) and not path.endswith(INDEX_ENDING)


def _below(component: str, paths: Mapping[str, Any]) -> dict[str, Any]:
    prefix = f"{component}/"
    return {path.removeprefix(prefix): value for path, value in paths.items() if path.startswith(prefix)}


def _read_below(component: str, read: Read) -> Read:
    return lambda path, start, length: read(f"{component}/{path}", start, length)

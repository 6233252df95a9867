"""Whether one entry can be loaded and run by itself, or on its base: what trying and ranking ask before anything is read."""

from workers.contracts.facts import RepoFacts
from workers.contracts.findings import Finding
from workers.contracts.paths import Path
from workers.contracts.tasks import TASKS, task_get
from workers.planning.architectures import shape_of
from workers.planning.bases import ON_A_BASE, base_text, running
from workers.planning.deltas import other_base
from workers.planning.heads import TABULAR_TASKS, VECTOR_TASKS, head_for, head_in, tasks_of
from workers.planning.merge_entries import missing_shards
from workers.planning.wording import NO_SUCH_ENTRY, counted, finding, joined, short_name

_GENERIC = "generic"


def is_onnx(facts: RepoFacts) -> bool:
    return not facts.tensors and any(file.path.endswith(".onnx") for file in facts.files)


def known_tasks(facts: RepoFacts, base: RepoFacts | None = None) -> tuple[str, ...]:
    """The tasks of the table that the entry can be asked, the one it says of itself first."""
    runs = running(facts, base)
    tasks = TABULAR_TASKS if is_onnx(runs) else tasks_of(runs.config) if runs.config else ()
    declared = next((held.task for held in (facts, runs) if task_get(held.task) is not None), "")
    if is_onnx(runs) and declared:
        return tuple(dict.fromkeys((declared, *tasks)))
    return (declared, *(task for task in tasks if task != declared)) if declared in tasks else tasks


def lone_findings(text: str, facts: RepoFacts | None, base: RepoFacts | None, path: Path) -> list[Finding]:
    """What stops the entry from being run at all, whatever it is asked."""
    name = short_name(text)
    if facts is None:
        return [finding("not_found", "error", path, f"{NO_SUCH_ENTRY}: {text}.")]
    if facts.repo_type == "dataset" or facts.artifact not in {"model", "unknown", *ON_A_BASE}:
        noun = "dataset" if facts.repo_type == "dataset" else facts.artifact.replace("_", " ")
        message = f"{name} is a {noun}. Models, adapters and task vectors are run."
        return [finding("wrong_artifact", "error", path, message)]
    if facts.artifact in ON_A_BASE:
        return _on_base(name, facts, base, path)
    if is_onnx(facts):
        return []
    return _weights(name, facts, path) + _code(name, facts, path)


def _on_base(name: str, facts: RepoFacts, base: RepoFacts | None, path: Path) -> list[Finding]:
    noun, wanted = facts.artifact.replace("_", " "), base_text(facts)
    if not wanted:
        message = f"{name} is {'an' if noun[0] in 'aeiou' else 'a'} {noun} and does not say of which model."
        return [finding("adapter_without_base", "error", path, message, "It gives no answers without its base.")]
    if base is None:
        message = f"{name} runs on {wanted}, which is not here, or which you may not see."
        return [finding("adapter_base_missing", "error", path, message, "It gives no answers without its base.")]
    if base.artifact not in {"model", "unknown"}:
        message = f"{name} runs on {short_name(wanted)}, which is no whole model itself."
        return [finding("wrong_artifact", "error", path, message)]
    severity, differs = other_base(facts, base)
    if differs and severity == "error":
        consequence = "A change means something only on the weights that it was taken from."
        return [finding("other_base", "error", path, f"{name} {differs}", consequence)]
    return _weights(short_name(wanted), base, path) + _code(short_name(wanted), base, path)


def _weights(name: str, facts: RepoFacts, path: Path) -> list[Finding]:
    if not facts.tensors:
        message = f"{name} holds no safetensors weights."
        return [finding("no_weights", "error", path, message, "Weights in other formats are not read.")]
    missing = missing_shards(facts)
    if missing:
        message = f"{name} is incomplete: {counted(missing, 'weight file')} of its index {'is' if missing == 1 else 'are'} missing."
        return [finding("weights_incomplete", "error", path, message)]
    return []


def _code(name: str, facts: RepoFacts, path: Path) -> list[Finding]:
    """SECURITY: code that an entry brings is never run, on no switch."""
    if facts.config.get("auto_map") and shape_of(facts.config).family == _GENERIC:
        message = f"{name} brings its own code (auto_map in config.json), and code of entries is never run here."
        return [finding("needs_code", "error", path, message, "Load it yourself, where you trust its author.")]
    if not facts.config.get("model_type"):
        message = f"{name} has no config.json that names its architecture."
        return [finding("config_missing", "error", path, message, "Nothing says how its tensors are to be used.")]
    return []


def task_findings(text: str, facts: RepoFacts, base: RepoFacts | None, asked: str | None, path: Path) -> list[Finding]:
    """Whether the entry can be asked `asked`; without it, whether it says what it can be asked."""
    known, name = known_tasks(facts, base), short_name(text)
    if asked is None:
        if known:
            return []
        message = f"{name} does not say what it is for. Name the task: {joined([task.name for task in TASKS])}."
        return [finding("task_unknown", "error", path, message)]
    if task_get(asked) is None:
        message = f"There is no task {asked[:80]}. It must be one of {joined([task.name for task in TASKS])}."
        return [finding("task_unknown", "error", path, message)]
    runs = running(facts, base)
    if asked in known or (not is_onnx(runs) and asked in VECTOR_TASKS and asked in tasks_of(runs.config)):
        return []
    head = head_for(asked)
    held = head_in(runs.config).noun if runs.config else "model of its own kind"
    wanted = f" It takes {'an' if head.noun[0] in 'aeiou' else 'a'} {head.noun}." if head is not None else ""
    message = f"{name} cannot be asked {asked}: it is {'an' if held[0] in 'aeiou' else 'a'} {held}.{wanted}"
    return [finding("task_mismatch", "error", path, message)]

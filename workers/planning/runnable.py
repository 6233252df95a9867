"""Findings about models and data that a job loads whole: evaluate and train share them."""

from collections.abc import Iterable, Mapping, Sequence

from workers.contracts.complaints import nearest
from workers.contracts.facts import RepoFacts
from workers.contracts.findings import Finding, Repair
from workers.contracts.paths import Path
from workers.contracts.recipes import DataReference
from workers.planning.architectures.shape import side
from workers.planning.builtins import builtin_get
from workers.planning.wording import NO_SUCH_ENTRY, add, finding, remove, shape_text, short_name

BUILTIN = "builtin:"
BUILTIN_IMAGES = {"builtin:digits": (1, 8, 8)}
Facts = Mapping[str, RepoFacts | None]
_SHOWN = {"benchmark", "metrics", "slices", "cluster"}


def data_findings(data: Iterable[DataReference], facts: Facts) -> list[Finding]:
    findings = []
    seen: set[str] = set()
    for index, item in enumerate(data):
        # The same split may be measured in two ways; what is only shown of the answers is no other way.
        key = item.model_dump_json(exclude=_SHOWN)
        found = _data_finding(item, facts.get(item.data), index)
        if found is not None:
            findings.append(found)
        elif key in seen:
            message = f"The split {item.split} of {short_name(item.data)} is given twice."
            findings.append(
                finding(
                    "duplicate_data", "warning", ("data", index), message, repair=[remove(("data", index), "Remove it")]
                )
            )
        seen.add(key)
    return findings


def rows_of(item: DataReference, facts: Facts) -> int:
    known = facts.get(item.data)
    if item.data.startswith(BUILTIN):
        row = builtin_get(item.data)
        return row.rows[item.split] if row is not None else 0
    return known.splits.get(item.split, 0) if known is not None else 0


def image_of(item: DataReference, facts: Facts) -> tuple[int, ...] | None:
    """Channels, height and width of one example, None where the header does not say."""
    if item.data.startswith(BUILTIN):
        return BUILTIN_IMAGES.get(item.data)
    known = facts.get(item.data)
    images = known.tensors.get(f"{item.split}/images") if known is not None else None
    if images is not None and len(images.shape) == 4:
        return images.shape[1:]
    return known.pictures.get(item.split) if known is not None else None


def image_finding(
    text: str, facts: RepoFacts, path: Path, item: DataReference, given: tuple[int, ...] | None
) -> Finding | None:
    """Whether images of this size go into a model, as far as its config says what it takes."""
    channels = facts.config.get("num_channels")
    if given is None or facts.config.get("image_size") is None or type(channels) is not int:
        return None
    wanted = (channels, *side(facts.config, "image_size", 224))
    if wanted == given:
        return None
    message = f"{short_name(text)} takes images of {shape_text(wanted)} (channels × height × width), {short_name(item.data)} has {shape_text(given)}."
    return finding("image_shape", "error", path, message, "Images are never stretched or cut to fit.")


def _data_finding(item: DataReference, facts: RepoFacts | None, index: int) -> Finding | None:
    path: Path = ("data", index)
    name = short_name(item.data)
    repair = [remove(path, "Remove this dataset")]
    if item.data.startswith(BUILTIN):
        return None
    if facts is None:
        return finding("not_found", "error", (*path, "data"), f"{NO_SUCH_ENTRY}: {item.data}.", repair=repair)
    if facts.repo_type != "dataset":
        return finding("wrong_artifact", "error", (*path, "data"), f"{name} is not a dataset.", repair=repair)
    if item.split not in facts.splits:
        held = ", ".join(sorted(facts.splits)[:6]) or "none"
        meant = nearest(item.split, facts.splits) or next(iter(sorted(facts.splits)), None)
        ways = (
            [add((*path, "split"), meant, f"Use {meant}"), *repair]
            if meant in {"train", "validation", "test"}
            else repair
        )
        message = f"{name} has no split {item.split}. It has: {held}."
        return finding("split_missing", "error", (*path, "split"), message, repair=ways)
    if facts.splits[item.split] == 0:
        return finding(
            "data_empty",
            "error",
            (*path, "split"),
            f"The split {item.split} of {name} holds no examples.",
            repair=repair,
        )
    return problem_finding(item, facts, path, repair)


def problem_finding(item: DataReference, facts: RepoFacts, path: Path, repair: Sequence[Repair] = ()) -> Finding | None:
    """A split whose first part shows already that it cannot be opened."""
    problem = facts.problems.get(item.split, "")
    if not problem:
        return None
    consequence = f"Nothing can be measured on {item.split} of {short_name(item.data)} until this is mended."
    return finding("data_unreadable", "error", (*path, "split"), problem, consequence, repair)

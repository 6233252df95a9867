"""Which weights of one commit can be kept as their difference from those of another, known from headers alone."""

from collections.abc import Iterable
from dataclasses import dataclass

from hub.blobs.models import Delta
from hub.catalog.models import Commit
from hub.catalog.selectors import facts_of
from hub.catalog.trees import state_read
from workers.contracts.facts import DTYPE_BYTES, TensorFact
from workers.contracts.findings import Finding, Repair
from workers.planning.wording import counted, finding, joined

SHOWN = 3
SUFFIX = ".safetensors"


@dataclass(frozen=True)
class Pair:
    """A file and the one that it differs from; `runs` as `blob_pack` takes them."""

    path: str
    sha256: str
    base_path: str
    base: str
    runs: tuple[tuple[int, int | None, int], ...]


def pairs_of(commit: Commit, base: Commit) -> tuple[list[Pair], list[Finding]]:
    """Every weight file with its counterpart, or all that stands against it."""
    state, base_state = state_read(commit.tree_id), state_read(base.tree_id)
    mine, theirs = facts_of(commit).tensors, facts_of(base).tensors
    files: dict[str, dict[str, TensorFact]] = {}
    for name, fact in mine.items():
        if fact.file.endswith(SUFFIX) and fact.file in state:
            files.setdefault(fact.file, {})[name] = fact
    pairs, findings = [], []
    for path, tensors in sorted(files.items()):
        places = {theirs[name].file for name in tensors if name in theirs}
        wrong = _misfits(path, tensors, theirs, base.repo.full_name)
        if not wrong and len(places) > 1:
            wrong = [_spread(path, places, base.repo.full_name)]
        findings += wrong
        if not wrong:
            (other,) = places
            own, its = state[path].sha256, base_state[other].sha256
            pairs.append(Pair(path, own, other, its, _runs(tensors, theirs)))
    if not files:
        findings.append(finding("no_weights", "error", (), f"{commit.repo.full_name} has no safetensors file."))
    return pairs, findings or _held(pairs, base.repo.full_name)


def _misfits(
    path: str, tensors: dict[str, TensorFact], theirs: dict[str, TensorFact], base: str
) -> list[Finding]:  # fmt: skip
    lacking = [name for name in tensors if name not in theirs]
    other = [
        f"{name} ({_form(fact)}, there {_form(theirs[name])})"
        for name, fact in tensors.items()
        if name in theirs and _form(fact) != _form(theirs[name])
    ]
    found = []
    repair = [Repair(label="Name the model that it was trained from, at the commit that it was trained from.")]
    if lacking:
        found.append(
            finding("delta_tensors_missing", "error", ("base",), f"{counted(len(lacking), 'tensor')} of {path} {'is' if len(lacking) == 1 else 'are'} not in {base}: {_some(lacking)}.", repair=repair)
        )  # fmt: skip
    if other:
        found.append(
            finding("delta_tensors_differ", "error", ("base",), f"{counted(len(other), 'tensor')} of {path} {'has' if len(other) == 1 else 'have'} another shape or number format in {base}: {_some(other)}.", repair=repair)
        )  # fmt: skip
    return found


def _spread(path: str, places: Iterable[str], base: str) -> Finding:
    return finding(
        "delta_cut_differently", "error", ("base",), f"The tensors of {path} lie in {joined(sorted(places)[:SHOWN])} of {base}.",
        "A file is kept as its difference from one other.", [Repair(label="Push the model again, cut into the same files as its base.")],
    )  # fmt: skip


def _held(pairs: list[Pair], base: str) -> list[Finding]:
    """What is a difference, or has differences, already."""
    found = []
    packed = set(Delta.objects.filter(pk__in=[pair.base for pair in pairs]).values_list("pk", flat=True))
    bases = set(Delta.objects.filter(base__in=[pair.sha256 for pair in pairs]).values_list("base_id", flat=True))
    for pair in pairs:
        if pair.base in packed:
            found.append(
                finding("delta_base_is_delta", "error", ("base",), f"{pair.base_path} of {base} is kept as a difference itself.", repair=[Repair(label="Name the model that it differs from, or let it be kept whole first.")])
            )  # fmt: skip
        if pair.sha256 in bases:
            found.append(
                finding("delta_of_a_base", "error", (), f"Other files of this hub are kept as differences from {pair.path}, so it stays whole.")
            )  # fmt: skip
    return found


def _runs(tensors: dict[str, TensorFact], theirs: dict[str, TensorFact]) -> tuple[tuple[int, int | None, int], ...]:
    """The header as it stands, then the numbers in the order of the file; what lies on in both is one run."""
    ordered = sorted(
        ((fact, theirs[name]) for name, fact in tensors.items()), key=lambda pair: (pair[0].begin, pair[0].end)
    )
    runs: list[tuple[int, int | None, int]] = [(ordered[0][0].begin, None, 1)]
    for fact, other in ordered:
        size, width = fact.end - fact.begin, DTYPE_BYTES[fact.dtype]
        before, start, kind = runs[-1]
        if start is not None and start + before == other.begin and kind == width:
            runs[-1] = (before + size, start, width)
        elif size:
            runs.append((size, other.begin, width))
    return tuple(runs)


def _form(fact: TensorFact) -> str:
    return f"{fact.dtype} {'×'.join(map(str, fact.shape)) or 'scalar'}"


def _some(names: list[str]) -> str:
    return joined(names[:SHOWN]) if len(names) <= SHOWN else f"{', '.join(names[:SHOWN])} and {len(names) - SHOWN} more"

"""The remote sources of one recipe: found while it is checked, laid out and fetched while it is carried out."""

import contextlib
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from workers.contracts.facts import RepoFacts, TensorFact
from workers.contracts.methods import method_get
from workers.contracts.plans import Plan
from workers.contracts.recipes import AnyRecipe, MergeRecipe
from workers.contracts.references import RepoType
from workers.planning.references import references_of
from workers.remote.address import Address, address_of
from workers.remote.laying import PIECE_BYTES, Downloads, LaidRepo

if TYPE_CHECKING:
    from workers.remote.repo import RemoteRepo
    from workers.remote.wire import Wire

SMALL_BYTES = 64 << 20
WEIGHTS = ".safetensors"
# Weights in formats that nothing here reads.
_NEVER = (".bin", ".pt", ".pth", ".ckpt", ".h5", ".msgpack", ".ot", ".gguf", ".pkl", ".npz")

Place = tuple[str, int]  # role and index of an input
Progress = Callable[[int, int], None]


class RemoteSources:
    """By the texts of the recipe. Opens a hub's connections once, and closes them with `close`."""

    def __init__(self) -> None:
        self._repos: dict[str, RemoteRepo] = {}
        self._wires: dict[Address, Wire] = {}

    def find(self, text: str, type: RepoType = "model") -> tuple[RepoFacts, Callable[[str], bytes]] | None:
        """What is known of the repo that `text` means, and how its files are read; None where it names none of a hub.

        Raises:
            UserError: the hub does not answer, or has no such repo; or it holds what cannot be used.
        """
        address = address_of(text, type)
        if address is None:
            return None
        from workers.remote.repo import repo_open
        from workers.remote.wire import Wire

        wire = self._wires.setdefault(address, Wire(address))
        repo = repo_open(address, wire)
        self._repos[text] = repo
        return repo.facts(text), lambda name: repo.read(name, 0, repo.files[name].size_bytes)

    def has(self, text: str) -> bool:
        return text in self._repos

    def close(self) -> None:
        for wire in self._wires.values():
            wire.close()

    @contextlib.contextmanager
    def laid(self, recipe: AnyRecipe, plan: Plan | None, root: Path, progress: Progress) -> Iterator["Laid"]:
        """The remote repos as folders below `root`: papers are there, tensors arrive in the order of the plan.

        What the recipe's kind or method reads otherwise than tensor by tensor is there as a whole before this begins; so are datasets.
        """
        downloads = Downloads()
        try:
            laid: dict[str, LaidRepo] = {}
            folders: dict[Place, Path] = {}
            for role, index, text, _ in references_of(recipe):
                if text in self._repos:
                    if text not in laid:
                        laid[text] = self._lay(self._repos[text], root, downloads)
                    folders[role, index] = laid[text].folder
            result = Laid(folders, list(laid.values()), downloads)
            streamed = _streamed(recipe, plan, references_of(recipe), laid)
            result.gather(streamed, progress)
            yield result
        finally:
            downloads.close()

    @staticmethod
    def _lay(repo: "RemoteRepo", root: Path, downloads: Downloads) -> LaidRepo:
        name = hashlib.sha256(f"{repo.address.endpoint} {repo.address.path} {repo.commit}".encode()).hexdigest()[:16]
        laid = LaidRepo(repo, root / name, downloads)
        laid.lay(file for file in repo.files if repo.is_dataset or not file.lower().endswith(_NEVER))
        return laid


class Laid:
    """The folders, by role and index of the input, and what is known at the end."""

    def __init__(self, folders: Mapping[Place, Path], repos: Sequence[LaidRepo], downloads: Downloads) -> None:
        self.folders, self.repos, self._downloads = folders, repos, downloads

    @property
    def arrivals(self) -> dict[Path, LaidRepo]:
        return {laid.folder: laid for laid in self.repos}

    def gather(self, streamed: Iterable[tuple[LaidRepo, TensorFact]], progress: Progress) -> None:
        """Waits for all that is not streamed, and asks for what is, in its order."""
        later = list(streamed)
        apart = {id(laid) for laid, _ in later}
        waiting = [
            (future, min(PIECE_BYTES, file.size_bytes))
            for laid in self.repos
            for name, file in laid.repo.files.items()
            if laid.repo.is_dataset or _is_read(name, file.size_bytes, is_streamed=id(laid) in apart)
            for future in self._downloads.soon(laid, laid.pieces(name, 0, file.size_bytes))
        ]
        for laid, fact in later:
            self._downloads.soon(laid, laid.pieces(fact.file, fact.begin, fact.end))
        done, total = 0, sum(size for _, size in waiting)
        for future, size in waiting:
            progress(done, total)
            future.result()
            done += size

    def verify(self) -> int:
        """How many files were compared with the sha256 that their hub says. Raises UserError where one differs."""
        return sum(len(laid.verify()) for laid in self.repos)

    @property
    def received_bytes(self) -> int:
        return sum({id(laid.repo.wire): laid.repo.wire.received for laid in self.repos}.values())


def _is_read(name: str, size: int, *, is_streamed: bool) -> bool:
    if name.lower().endswith(WEIGHTS):
        return not is_streamed
    return size <= SMALL_BYTES and not name.lower().endswith(_NEVER)


def _streamed(
    recipe: AnyRecipe, plan: Plan | None, references: Sequence[tuple[str, int, str, str]], laid: Mapping[str, LaidRepo]
) -> Iterator[tuple[LaidRepo, TensorFact]]:  # fmt: skip
    """The tensors that a merge reads one after the other, with the repo each comes from."""
    if not isinstance(recipe, MergeRecipe) or plan is None or plan.vocabulary is not None:
        return
    method = method_get("merge", plan.method)
    if method is None or method.learn or recipe.search is not None or recipe.diagnostics is not None:
        return
    if any(step.parameters.get("part") == "told" for step in plan.steps):
        return  # prompts go through a whole model first
    order = [text for role in ("base", "source", "adapter") for at, _, text, _ in references if at == role]
    # Task vectors and adapters are small and read in their own way; what they change is their model's.
    below = {item.position: item.model for item in plan.adapted} | dict.fromkeys(plan.deltas, 0)
    for step in plan.steps:
        for item in step.inputs:
            found = laid.get(order[below.get(item.source, item.source)])
            if found is not None and item.fact.file in found.repo.files:
                yield found, item.fact

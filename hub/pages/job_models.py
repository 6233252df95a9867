"""How the models of an evaluation are called on its job's page: by name, and with the revision where a name stands there more than once."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any

from hub.evals.models import Evaluation
from hub.jobs.models import Job


@dataclass(frozen=True)
class Called:
    """`words` are in the order of the recipe."""

    words: tuple[str, ...]
    by_reference: dict[str, str]
    by_commit: dict[tuple[str, str], tuple[str, ...]]
    repeated: frozenset[str]

    def of(self, row: Evaluation) -> tuple[str, ...]:
        """What was measured as: several words where several revisions are one commit."""
        name = row.repo.full_name
        found = self.by_commit.get((name, row.commit_oid))
        return found or ((f"{name}@{row.commit_oid[:7]}",) if name in self.repeated else (name,))


def called(job: Job) -> Called:
    asked = (job.request.get("recipe") or job.recipe).get("models")
    references = [str(text) for text in asked] if isinstance(asked, list | tuple) else []
    counts = Counter(_plain(text) for text in references)
    words = {text: _plain(text) if counts[_plain(text)] == 1 else text.removesuffix("@main") for text in references}
    by_commit: dict[tuple[str, str], tuple[str, ...]] = defaultdict(tuple)
    inputs: Any = job.inputs.filter(role="model", repo__isnull=False).order_by("position")
    for name, oid, position in inputs.values_list("repo__full_name", "commit_oid", "position"):
        if position < len(references) and _plain(references[position]) == name:
            by_commit[name, oid] += (words[references[position]],)
    repeated = frozenset(name for name, count in counts.items() if count > 1)
    return Called(tuple(dict.fromkeys(words.values())), words, dict(by_commit), repeated)


def _plain(reference: str) -> str:
    return reference.partition("@")[0]

"""REQUEST and RESULT: what the supervisor lays before the child, and what the child leaves behind.

A working directory holds `request.json`, `inputs/`, `out/` (what will be published), `journal/` (what a resumed attempt
may reuse) and `result.json`, written last.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from workers.contracts.facts import RepoFacts
from workers.contracts.plans import LicenceVerdict, Plan

# The form of requests and results. A worker refuses a request of another form: it was made by another release.
SCHEMA = 1
REQUEST, RESULT, INPUTS, OUT, JOURNAL = "request.json", "result.json", "inputs", "out", "journal"


class InputFile(BaseModel):
    """`path` is the file's name in the repo, `sha256` its content, `local` where the child finds it."""

    path: str
    size_bytes: int
    sha256: str
    local: str = ""


class Input(BaseModel):
    """One repo at one commit. `role` is `base`, `source`, `model` or `data`; `index` its place in the recipe.

    `adapter` is one that the recipe puts on a base or source of a merge, in the order of these.
    `trained` is data that no recipe names: what the models at the places `of` were trained on, as their lineage says.
    """

    role: Literal["base", "source", "adapter", "model", "data", "trained"]
    index: int = 0
    reference: str
    facts: RepoFacts
    files: tuple[InputFile, ...] = ()
    of: tuple[int, ...] = ()


class JobRequest(BaseModel):
    """A recipe resolved to commits. `revision` is kind and method revision together: part of the request hash.

    `licence` is the check's verdict for the result; it goes into the manifest and the card. `unresolved`: some inputs are still
    to be imported; such a request waits and is made anew once they are here. `hash_files`: somebody takes the result's files by
    their sha256, as a hub does; else those of weights may be left out, since the tensor digest has hashed every tensor already.
    """

    model_config = ConfigDict(populate_by_name=True)

    schema_: int = Field(default=SCHEMA, alias="schema")
    kind: str
    recipe: dict[str, Any]
    inputs: tuple[Input, ...] = ()
    unresolved: bool = False
    plan: Plan | None = None
    licence: LicenceVerdict = LicenceVerdict()
    revision: int = 1
    seed: int = 0
    threads: int = 1
    memory_bytes: int | None = None
    device: str = "cpu"
    hash_files: bool = True


class ReportFile(BaseModel):
    path: str
    size_bytes: int
    sha256: str


class JobResult(BaseModel):
    """`metrics` are the few numbers shown first; `tensor_digest` is equal for equal weights, whatever the sharding."""

    model_config = ConfigDict(populate_by_name=True)

    schema_: int = Field(default=SCHEMA, alias="schema")
    files: tuple[ReportFile, ...] = ()
    tensor_digest: str = ""
    metrics: dict[str, Any] = Field(default_factory=dict)
    report: dict[str, Any] = Field(default_factory=dict)
    resumed_units: int = 0

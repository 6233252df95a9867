"""MANIFEST: `genepool.json` in a repo: what it is, how it was made, of what."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from workers.contracts.facts import Artifact
from workers.contracts.plans import LicenceVerdict

MANIFEST_FILE = "genepool.json"
REPORT_FILE = "report.json"
RECIPE_FILE = "recipe.yaml"


class Parent(BaseModel):
    """`relation` as in lineage: `base`, `merge_of`, `finetune_of`, `adapter_of`, `delta_of`."""

    repo: str
    commit: str
    relation: str
    weight: float | None = None


class Manifest(BaseModel):
    """`determinism` says under which conditions the same recipe gives the same bytes."""

    model_config = ConfigDict(populate_by_name=True)

    schema_: int = Field(default=1, alias="schema")
    artifact: Artifact
    kind: str
    method: str = ""
    method_revision: int = 1
    recipe: dict[str, Any] = Field(default_factory=dict)
    parents: tuple[Parent, ...] = ()
    tensor_digest: str = ""
    licence: LicenceVerdict = LicenceVerdict()
    seed: int = 0
    code_version: str = ""
    determinism: str = ""

"""The report of a result, as far as pages show it. It is a file of the repo, so anybody may have written it."""

import json
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hub.catalog.selectors import entry_get
from hub.pages.cards import text_of
from hub.pages.entry import Opened
from workers.contracts.findings import Finding
from workers.contracts.manifests import REPORT_FILE

REPORT_BYTES = 64 * 2**20
# Numbers that can be squared and summed without running out of what a float holds.
_Number = Annotated[float, Field(ge=-1e100, le=1e100, allow_inf_nan=False)]
_Count = Annotated[float, Field(ge=0, le=2**62, allow_inf_nan=False)]

_Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
# A little beyond one: cosines are rounded.
_Cosine = Annotated[float, Field(ge=-1.001, le=1.001, allow_inf_nan=False)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _Tensor(_Part):
    norms: list[_Number | None] | None = None
    norm: _Number | None = None
    agreement: _Share | None = None
    cosines: list[_Cosine | None] | None = None
    kept: list[_Share | None] | None = None
    overruled: list[_Share | None] | None = None
    conflict: _Share | None = None
    lost: _Share | None = None
    sampled: _Share | None = None
    # of an extraction
    form: str | None = None
    error: _Count | None = None
    bytes: _Count | None = None
    rank: _Count | None = None


class _Summary(_Part):
    norms: list[_Number | None] | None = None
    cosines: list[_Cosine | None] | None = None
    pairs: list[_Cosine | None] | None = None
    # of an extraction
    norm: _Count | None = None
    error: _Count | None = None
    size_bytes: _Count | None = None
    ratio: _Count | None = None
    changed: _Count | None = None
    tensors: _Count | None = None


class _Dropped(_Part):
    tensor: str


class _Input(_Part):
    repo: str | None = None
    role: str | None = None
    commit: str | None = None


class _Cost(_Part):
    read_bytes: _Count | None = None
    written_bytes: _Count | None = None
    write_bytes: _Count | None = None
    peak_memory_bytes: _Count | None = None
    cpu_s: _Count | None = None
    wall_s: _Count | None = None


class _Report(_Part):
    kind: str | None = None
    form: str | None = None
    layout: str | None = None
    left: list[str] | None = None
    vectors: list[str] | None = None
    relative_to: str | None = None
    tensors: dict[str, _Tensor] | None = None
    summary: _Summary | None = None
    copied: list[Any] | None = None
    # of a mixture of experts; what is in it is looked at where it is shown
    made: list[Any] | None = None
    mixture: dict[str, Any] | None = None
    dropped: list[_Dropped] | None = None
    inputs: list[_Input] | None = None
    cost: _Cost | None = None
    findings: list[Finding] | None = None
    # Read by `hub.pages.merged.search` and `.barrier`, which take nothing in them for granted.
    search: Any = None
    barrier: Any = None


def report_of(opened: Opened) -> dict[str, Any]:
    """{} when there is none, or none of this form."""
    entry = entry_get(opened.commit, REPORT_FILE)
    if entry is None or entry.is_folder or entry.size_bytes > REPORT_BYTES:
        return {}
    try:
        document = json.loads(text_of(entry, REPORT_BYTES) or "{}")
        return _Report.model_validate(document).model_dump(exclude_none=True)
    except (ValueError, RecursionError, ValidationError):
        return {}

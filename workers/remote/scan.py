"""What a hub of Genepool knows of NaN and infinity in the weights of a model; other hubs do not say."""

from typing import Any
from urllib.parse import quote

from pydantic import BaseModel, Field, ValidationError

from workers.contracts.facts import NotFinite
from workers.remote.address import Address
from workers.remote.errors import RemoteError
from workers.remote.wire import Wire

_MOST = 100


class _Scan(BaseModel):
    commit: str
    scanned: bool | None
    not_finite_tensors: int = Field(ge=0)
    not_finite: tuple[NotFinite, ...] = Field(max_length=_MOST)


def scan_of(wire: Wire, address: Address, commit: str) -> dict[str, Any]:
    """The fields of `RepoFacts` that tell of it; none where the hub has no such answer."""
    place = f"api/v1/models/{address.reference.repo}/tensors?limit=1&revision={quote(commit, safe='')}"
    try:
        answer, _ = wire.json(place)
        scan = _Scan.model_validate(answer)
    except (RemoteError, ValidationError):
        return {}
    if scan.commit != commit:
        return {}
    return {"scanned": scan.scanned, "not_finite": scan.not_finite, "not_finite_tensors": scan.not_finite_tensors}

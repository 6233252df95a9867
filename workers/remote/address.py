"""Which hub a reference means, and which repo there."""

import os
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from workers.contracts.references import RepoReference, RepoType, repo_reference_parse

_ADDRESS = re.compile(r"^(?P<endpoint>https?://[^\s?#]+?)/(?P<repo>[^/\s?#]+/[^/\s?#]+)$")


@dataclass(frozen=True)
class Address:
    """A repo of the hub at `endpoint`. `token` is "" where that hub is not the one that the token is for."""

    endpoint: str
    reference: RepoReference
    token: str = ""
    type: RepoType = "model"

    @property
    def path(self) -> str:
        """Where the repo lies below `endpoint`."""
        return f"datasets/{self.reference.repo}" if self.type == "dataset" else self.reference.repo

    @property
    def told(self) -> str:
        """The repo as a sentence names it."""
        return f"dataset {self.reference}" if self.type == "dataset" else str(self.reference)

    @property
    def host(self) -> str:
        return urlsplit(self.endpoint).netloc


def address_of(text: str, type: RepoType = "model") -> Address | None:
    """`https://host/ns/name[@revision]`, or `ns/name[@revision]` of the hub at GENEPOOL_URL where that is set; None for anything else.

    A dataset's address may also be that of its page: `https://host/datasets/ns/name[@revision]`.
    """
    endpoint = os.environ.get("GENEPOOL_URL", "").strip().rstrip("/")
    match = _ADDRESS.fullmatch(text.strip())
    place, name = (match["endpoint"], match["repo"]) if match is not None else (endpoint, text.strip())
    if match is not None and type == "dataset":
        place = place.removesuffix("/datasets")
    reference = repo_reference_parse(name)
    if not place or reference is None or reference.scheme or "@" in urlsplit(place).netloc:
        return None
    # SECURITY: the token belongs to one hub, and is never shown to another.
    token = os.environ.get("GENEPOOL_TOKEN", "").strip() if origin(place) == origin(endpoint) else ""
    return Address(place, reference, token, type)


def origin(address: str) -> tuple[str, str, int | None]:
    """Scheme, host and port: what has to agree for two addresses to be one server."""
    parts = urlsplit(address)
    return parts.scheme, parts.hostname or "", parts.port or {"https": 443, "http": 80}.get(parts.scheme)

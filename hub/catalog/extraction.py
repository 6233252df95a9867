"""From the files of a commit to what is known of it: headers and configs are read, weights are not."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from hub.blobs.services import driver
from hub.catalog.cards import CARD_FILE, MAX_CARD_BYTES, Card, card_parse
from hub.catalog.json_safe import json_safe
from hub.catalog.states import FileState
from workers.contracts.facts import RepoFacts
from workers.contracts.findings import Finding
from workers.contracts.manifests import MANIFEST_FILE, Manifest
from workers.planning.extract import extract_facts

MAX_MANIFEST_BYTES = 4 * 2**20


@dataclass(frozen=True)
class Extract:
    """`manifest` is ready for a JSON column; {} without a readable genepool.json."""

    facts: RepoFacts
    card: Card
    manifest: dict[str, Any]
    findings: tuple[Finding, ...]


def extract(state: Mapping[str, FileState]) -> Extract:
    def read(path: str, start: int, length: int) -> bytes:
        return b"".join(driver().open(state[path].sha256, start, start + length))

    facts, findings = extract_facts(
        ((path, file.size_bytes, file.sha256) for path, file in sorted(state.items())), read
    )
    card = card_parse(read(CARD_FILE, 0, MAX_CARD_BYTES).decode(errors="replace")) if CARD_FILE in state else Card()
    manifest, problems = _manifest(state, read)
    return Extract(facts, card, manifest, (*findings, *problems))


def _manifest(state: Mapping[str, FileState], read: Any) -> tuple[dict[str, Any], list[Finding]]:
    file = state.get(MANIFEST_FILE)
    if file is None:
        return {}, []
    problem = f"{MANIFEST_FILE} is larger than {MAX_MANIFEST_BYTES // 2**20} MiB."
    if file.size_bytes <= MAX_MANIFEST_BYTES:
        try:
            document = json.loads(read(MANIFEST_FILE, 0, MAX_MANIFEST_BYTES))
            Manifest.model_validate(document)
            return json_safe(document), []
        except (ValueError, RecursionError, ValidationError):
            problem = f"{MANIFEST_FILE} is not a manifest of Genepool."
    return {}, [
        Finding(
            code="bad_manifest",
            severity="warning",
            message=problem,
            where=MANIFEST_FILE,
            consequence="How this was made is not shown.",
        )
    ]

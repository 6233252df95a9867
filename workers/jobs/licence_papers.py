"""NOTICE: whose work a result is made of. What an input's own NOTICE says goes along, so that the chain does not break."""

from collections.abc import Sequence
from pathlib import Path

from workers.contracts.jobs import Input, JobRequest
from workers.planning.licences import NOTICE_FILE

# More than this of one input's NOTICE is not copied: it comes from an upload, and the repo it lies in is named.
MAX_BYTES = 1024 * 1024
_NAMES = {"notice", "notice.txt", "notice.md"}


def notice_write(out: Path, request: JobRequest, inputs: Sequence[Input]) -> None:
    """Nothing is written where the check found nothing to say."""
    parts = [request.licence.notice] if request.licence.notice else []
    override = request.licence.override
    if override:
        parts.append(
            f"The licences above conflict. {override.get('by', '')} let this work be made on {override.get('at', '')[:10]}, "
            f"for this reason: {override.get('reason', '')}\n"
        )
    seen: set[str] = set()
    for item in inputs:
        text = _own_notice(item)
        if text and text not in seen:
            seen.add(text)
            name = item.facts.repo or Path(item.reference).name
            parts.append(f"{'-' * 72}\nNOTICE of {name}:\n\n{text}\n")
    if parts:
        (out / NOTICE_FILE).write_text("\n".join(parts), encoding="utf-8")


def _own_notice(item: Input) -> str:
    for file in sorted(item.files, key=lambda file: file.path):
        if file.path.lower() in _NAMES and file.local and 0 < file.size_bytes <= MAX_BYTES:
            try:
                return Path(file.local).read_bytes()[:MAX_BYTES].decode("utf-8", "replace").strip()
            except OSError:
                return ""
    return ""

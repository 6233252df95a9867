"""How a recipe names a model or a dataset.

`ns/name`, `ns/name@revision` on a hub; `hf:org/name@revision` is imported first; `builtin:digits` is data every worker has.
A local folder is a form that only `genepool run` and `genepool check` accept: the server's parser has none.
"""

import re
from dataclasses import dataclass

SEGMENT = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9])?"
_HUB = re.compile(rf"^(?P<repo>{SEGMENT}/{SEGMENT})(?:@(?P<revision>[^\s@]{{1,255}}))?$")


@dataclass(frozen=True)
class RepoReference:
    """`scheme` is "" for this hub and "hf" for an external one. `revision` is a branch, a tag or a commit."""

    repo: str
    revision: str = "main"
    scheme: str = ""

    def __str__(self) -> str:
        prefix = f"{self.scheme}:" if self.scheme else ""
        return f"{prefix}{self.repo}@{self.revision}"


def repo_reference_parse(text: str) -> RepoReference | None:
    """Parses `ns/name[@revision]` or `hf:ns/name[@revision]`. Gives None for anything else."""
    scheme, rest = ("hf", text[3:]) if text.startswith("hf:") else ("", text)
    match = _HUB.fullmatch(rest)  # `$` alone would let a trailing newline pass
    if match is None or ".." in match["repo"] or "--" in match["repo"] or match["repo"].endswith(".git"):
        return None
    return RepoReference(match["repo"], match["revision"] or "main", scheme)

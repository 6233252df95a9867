"""How a recipe names a model or a dataset.

`ns/name`, `ns/name@revision` on a hub; `hf:org/name@revision` is imported first; `builtin:digits` is data every worker has.
A local folder is a form that only `genepool run` and `genepool check` accept: the server's parser has none.
`MODEL + ADAPTER` is a model with a LoRA adapter put on it; each side is one of the forms above.
"""

import re
from dataclasses import dataclass
from typing import Literal

RepoType = Literal["model", "dataset"]
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


# Between a model and the adapter that is put on it; no name, no revision and hardly any path holds a plus between blanks.
PLUS = " + "


def adapted_join(model: str, adapter: str) -> str:
    return f"{model}{PLUS}{adapter}"


def adapted_split(text: str) -> tuple[str, str]:
    """(model, adapter) of `MODEL + ADAPTER`; the adapter is "" where there is none."""
    model, plus, adapter = text.partition(PLUS)
    return (model.strip(), adapter.strip()) if plus and model.strip() and adapter.strip() else (text, "")


def adapted_read(text: str) -> str:
    """The same with its plus between blanks, where both sides are names: `ns/name+ns/lora` is how mergekit writes it."""
    model, plus, adapter = text.partition("+")
    is_pair = (
        plus and repo_reference_parse(model.strip()) is not None and repo_reference_parse(adapter.strip()) is not None
    )
    return adapted_join(model.strip(), adapter.strip()) if is_pair else text

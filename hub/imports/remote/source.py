"""Where an import comes from, and the addresses that follow from it."""

from dataclasses import dataclass
from urllib.parse import quote

PREFIX = {"model": "", "dataset": "datasets/"}


@dataclass(frozen=True)
class Source:
    """A repo on another hub that speaks the HF protocol. `endpoint` has no slash at its end."""

    endpoint: str
    type: str
    name: str

    def api(self, tail: str = "") -> str:
        return f"{self.endpoint}/api/{self.type}s/{self.name}{tail}"

    def info(self, revision: str) -> str:
        return self.api(f"/revision/{quote(revision, safe='')}")

    def tree(self, commit: str) -> str:
        return self.api(f"/tree/{quote(commit, safe='')}?recursive=true&limit=1000")

    def refs(self) -> str:
        return self.api("/refs")

    def file(self, commit: str, path: str) -> str:
        return f"{self.endpoint}/{PREFIX[self.type]}{self.name}/resolve/{quote(commit, safe='')}/{quote(path)}"

    def page(self) -> str:
        """For people."""
        return f"{self.endpoint}/{PREFIX[self.type]}{self.name}"

"""Reads the tables, and walks the URL conf for what ought to stand in them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.urls import URLPattern, URLResolver, get_resolver

FOLDER = Path(__file__).resolve().parent
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
PEOPLE = ("nobody", "alice", "bob", "vera", "mia", "charlie", "root")
TOKENS = ("read", "submit", "write", "limited", "expired", "revoked", "robot")
ACTORS = (*PEOPLE, *TOKENS)

# Django's own administration has its own tests; it is for staff alone.
FOREIGN = ("admin/",)
# What a placeholder of a route stands for when a line for it is proposed.
EXAMPLES = {
    "kind": "models", "ns": "lab", "namespace": "lab", "name": "secret", "rest": "main/README.md", "revision": "main", "branch": "main",
    "user": "bob", "path": "report.json", "level": "write", "deed": "pending", "oid": "{commit}", "hash": "0" * 64,
    "generation": "0" * 16, "slug": "merge", "service": "robot",
}  # fmt: skip
IDENTS = {"jobs": "{job}", "tokens": "{token}", "webhooks": "{webhook}", "imports": "{import}", "invitations": "{invitation}", "sessions": "{device}"}  # fmt: skip


@dataclass(frozen=True)
class Row:
    route: str
    method: str
    address: str
    statuses: tuple[int, ...]

    @property
    def is_page(self) -> bool:
        """Pages know sessions alone: who brings a token is nobody to them."""
        return not self.address.startswith(("api/", "xet/")) and not re.search(
            r"/(resolve|raw)/|\.git/|/ask-access$", self.address
        )

    def line(self) -> str:
        cells = [f"{status}" for status in self.statuses]
        return f"{self.method:<6} {self.address or '/':<58} {' '.join(cells[:7])} | {' '.join(cells[7:])}"


def rows() -> list[Row]:
    found = []
    for file in sorted(FOLDER.glob("*.txt")):
        route = ""
        for text in file.read_text().splitlines():
            if text.startswith("# "):
                route = text[2:].strip("'")
            elif text.strip():
                method, address, *statuses = text.replace("|", " ").split()
                found.append(Row(route, method, address.removeprefix("/"), tuple(map(int, statuses))))
    return found


def routes() -> list[str]:
    return list(dict.fromkeys(_walk(get_resolver())))


def _walk(resolver: URLResolver, before: str = "") -> Iterator[str]:
    for entry in resolver.url_patterns:
        text = before + str(entry.pattern)
        if text.startswith(FOREIGN):
            continue
        if isinstance(entry, URLPattern):
            yield text or "/"
        else:
            yield from _walk(entry, text)


def address_example(route: str) -> str:
    """An address of this route, as far as one can be guessed; a person puts it right."""
    is_data = route.startswith(("datasets/", "api/v1/datasets/")) or "(?P<kind>datasets|" in route
    examples = EXAMPLES | ({"name": "data", "kind": "datasets"} if is_data else {})
    examples |= (
        {"kind": "merge"} if route.startswith("make/") else {"name": "changes"} if route.startswith("docs/") else {}
    )
    examples |= {"rest": "main"} if "/tree/" in route else {"rest": "nothing"} if route.startswith("api/v1") else {}
    text = route.strip("^$").replace(r"\.", ".").replace("(?:(?P<kind>datasets)/)?", "")

    def example(match: re.Match[str]) -> str:
        name = match[1]
        if name in ("ident", "pk"):
            return next((value for word, value in IDENTS.items() if f"{word}/" in route), "{job}")
        if name == "oid" and "lfs" in route:
            return "0" * 64
        if name in ("name", "user") and re.search("users|organizations", route):
            return "lab" if "organizations/" in route and name == "name" else "bob"
        return examples.get(name, name)

    text = re.sub(r"\(\?P<(\w+)>[^()]*\)", example, text)
    text = re.sub(r"<(?:\w+:)?(\w+)>", example, text)
    for _ in range(4):
        text = re.sub(r"\(\?:([^()|]+)(?:\|[^()]*)?\)\??", r"\1", text)
    return (
        text.replace("[^/]+", "gpt2")
        .replace("/.*", "/x")
        .replace(".*", "x")
        .replace(".+", "main")
        .replace("?", "")
        .strip("/")
    )

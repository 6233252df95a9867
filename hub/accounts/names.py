"""Which names a user or an organisation may take. The first segments of our own routes are reserved."""

import re
from functools import cache

from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RoutePattern

from hub.core.errors import Invalid
from workers.contracts.references import SEGMENT

_FORM = re.compile(SEGMENT)
_FIRST = re.compile(r"^([A-Za-z0-9._-]+)(?:/|$)")

# Not routes of today, but names that clients, proxies and people give a meaning to.
ALWAYS_RESERVED = frozenset(
    {
        "about",
        "account",
        "accounts",
        "admin",
        "api",
        "assets",
        "benchmarks",
        "blog",
        "builtin",
        "compare",
        "datasets",
        "docs",
        "favicon.ico",
        "healthz",
        "hf",
        "hub",
        "import",
        "jobs",
        "leaderboards",
        "learnware",
        "login",
        "logout",
        "make",
        "me",
        "media",
        "metrics",
        "models",
        "new",
        "organizations",
        "pricing",
        "readyz",
        "resolve",
        "robots.txt",
        "search",
        "security",
        "settings",
        "signup",
        "spaces",
        "static",
        "styleguide",
        "support",
        "users",
        "webhooks",
        "whoami",
    }
)


def name_validate(name: str) -> str:
    """Gives the name back, or raises `Invalid` with the reason. Form first, reservation second."""
    if not _FORM.fullmatch(name):
        raise Invalid(
            f"{name[:96]!r} is not a name. Use 1 to 96 letters, digits, dots, dashes or underscores; begin and end with a letter or digit."
        )
    if ".." in name or "--" in name or name.lower().endswith(".git"):
        raise Invalid(f"{name!r} is not a name. Two dots or two dashes in a row, and the ending .git, are not allowed.")
    if name.lower() in reserved_names():
        raise Invalid(f"{name!r} is reserved. Take another name.")
    return name


@cache
def reserved_names() -> frozenset[str]:
    return ALWAYS_RESERVED | frozenset(first_segments(get_resolver()))


def first_segments(resolver: URLResolver) -> set[str]:
    """Literal first segments of every route below `resolver`. An include with an empty prefix is looked into."""
    found: set[str] = set()
    for entry in resolver.url_patterns:
        text = _text_of(entry)
        match = _FIRST.match(text)
        if match:
            found.add(match[1].lower())
        elif isinstance(entry, URLResolver) and text == "":
            found |= first_segments(entry)
    return found


def _text_of(entry: URLPattern | URLResolver) -> str:
    text = str(entry.pattern)
    return (
        text if isinstance(entry.pattern, RoutePattern) else text.removeprefix("^").replace("\\", "").removesuffix("$")
    )

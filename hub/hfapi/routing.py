"""Which part of an address is the revision. Clients send `feature%2Fx`, servers decode it, people type `feature/x`."""

from urllib.parse import unquote, urlsplit

from django.http import HttpRequest

from hub.catalog.models import Commit, Ref, Repo
from hub.catalog.selectors import commit_resolve


def commit_and_path(request: HttpRequest, repo: Repo, rest: str) -> tuple[Commit, str, str]:
    """`rest` is revision and path in one. Gives commit, revision as written, and path."""
    revision, path = _split(request, repo, rest)
    return commit_resolve(repo, revision), revision, path


def _split(request: HttpRequest, repo: Repo, rest: str) -> tuple[str, str]:
    raw = raw_rest(request, rest)
    if raw is not None:
        first, _, remaining = raw.partition("/")
        if "%2f" in first.lower():
            return unquote(first), unquote(remaining)
    parts = rest.split("/")
    skip = 2 if parts[0] == "refs" and len(parts) > 2 else 0  # refs/heads/x, refs/tags/x
    names = ["/".join(parts[skip : skip + count]) for count in range(1, min(len(parts) - skip, 16) + 1)]
    known = set(Ref.objects.filter(repo=repo, name__in=names).values_list("name", flat=True))
    length = max((name.count("/") + 1 for name in known), default=1) + skip
    return "/".join(parts[:length]), "/".join(parts[length:])


def raw_rest(request: HttpRequest, rest: str) -> str | None:
    """The same part of the address before it was decoded, where the server keeps it (gunicorn, uWSGI); None where not."""
    raw = request.META.get("RAW_URI") or request.META.get("REQUEST_URI")
    if not raw:
        return None
    path = urlsplit(raw).path if raw.startswith(("http://", "https://")) else raw.partition("?")[0]
    fixed = request.path[: len(request.path) - len(rest)].count("/")
    parts = path.split("/", fixed)
    # SECURITY: only believed when it decodes to what was routed and authorised.
    return parts[fixed] if len(parts) > fixed and unquote(parts[fixed]) == rest else None

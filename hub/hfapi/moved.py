"""307: the repo has another name now. The address stays what it was in every other part, `%2F` in a revision included."""

from urllib.parse import quote, unquote

from django.http import HttpRequest, HttpResponse


class RepoMoved(Exception):
    """Raised once it is known that the asker may see the repo: the new name is as secret as the old one was."""

    def __init__(self, *, old: str, new: str) -> None:
        super().__init__(new)
        self.old, self.new = old, new


def moved_response(request: HttpRequest, moved: RepoMoved) -> HttpResponse:
    path = _raw_path(request) or quote(request.path)
    # SECURITY: a path of this host and never an address, so that no token follows it elsewhere
    location = path.replace(f"/{moved.old}", f"/{moved.new}", 1)
    query = request.META.get("QUERY_STRING", "")
    response = HttpResponse(status=307)
    response["Location"] = f"{location}?{query}" if query else location
    response["Cache-Control"] = "no-cache"
    return response


def _raw_path(request: HttpRequest) -> str:
    """As it came, where the server keeps it and it means what was routed."""
    raw = str(request.META.get("RAW_URI") or request.META.get("REQUEST_URI") or "").partition("?")[0]
    return raw if raw.startswith("/") and not raw.startswith("//") and unquote(raw) == request.path else ""

"""`commit`: one JSON object a line, all of it or nothing."""

from django.http import HttpRequest, HttpResponse, JsonResponse

from hub.catalog.services import commit_create
from hub.core.errors import Invalid
from hub.hfapi.bodies import text_field
from hub.hfapi.commit_lines import lines_of, operations_of
from hub.hfapi.endpoint import endpoint, repo_of, user_of
from hub.hfapi.views.uploads import branch_name, no_pull_request
from hub.hfapi.wire import repo_url


@endpoint("POST", scope="write")
def commit(request: HttpRequest, kind: str, ns: str, name: str, revision: str) -> HttpResponse:
    repo = repo_of(request, kind, ns, name, "write")
    no_pull_request(request)
    user = user_of(request)
    lines = lines_of(request)
    key, header = next(lines, ("", {}))
    if key != "header":
        raise Invalid("The first line has to be the header.")
    made = commit_create(
        repo=repo, branch=branch_name(revision), user=user, operations=operations_of(lines, user), title=text_field(header, "summary", limit=20_000),
        message=text_field(header, "description", default=""), parent=text_field(header, "parentCommit", default="", limit=40) or None,
    )  # fmt: skip
    return JsonResponse(
        {
            "success": True,
            "commitOid": made.oid,
            "commitUrl": f"{repo_url(repo, request)}/commit/{made.oid}",
            "hookOutput": "",
        }
    )

"""Routes of the HF Hub protocol, at the root. Pages own `/{ns}/{name}` itself; /api/v1 is ours and stands before these."""

from django.urls import path, re_path

from hub.hfapi.views import access, commits, files, identity, info, lfs, refs, refusals, repos, trees, uploads

_KIND = r"(?P<kind>models|datasets)"
_REPO = rf"^api/{_KIND}/(?P<ns>[^/]+)/(?P<name>[^/]+)"
_NOT_OFFERED = "collections|jobs|scheduled-jobs|buckets|settings/webhooks|papers|daily_papers|kernels|spaces/.+/(?:runtime|secrets|variables|hardware)"

urlpatterns = [
    path("api/whoami-v2", identity.whoami),
    path("api/validate-yaml", identity.validate_yaml),
    path("api/repos/create", repos.create),
    path("api/repos/delete", repos.delete),
    path("api/repos/move", repos.move),
    re_path(rf"^api/{_KIND}$", info.listing),
    re_path(rf"^api/{_KIND}/[^/]+$", repos.without_namespace),
    re_path(rf"{_REPO}$", info.info),
    re_path(rf"{_REPO}/revision/(?P<revision>.+)$", info.info),
    re_path(rf"{_REPO}/tree/(?P<rest>.+)$", trees.tree),
    re_path(rf"{_REPO}/paths-info/(?P<revision>.+)$", trees.paths_info),
    re_path(rf"{_REPO}/refs$", trees.refs),
    re_path(rf"{_REPO}/commits/(?P<revision>.+)$", trees.commits),
    re_path(rf"{_REPO}/branch/(?P<branch>.+)$", refs.branch),
    re_path(rf"{_REPO}/tag/(?P<revision>.+)$", refs.tag),
    re_path(rf"{_REPO}/settings$", repos.settings),
    re_path(rf"{_REPO}/auth-check(?:/(?P<level>write))?$", identity.auth_check),
    re_path(rf"{_REPO}/preupload/(?P<revision>.+)$", uploads.preupload),
    re_path(rf"{_REPO}/commit/(?P<revision>.+)$", commits.commit),
    re_path(rf"{_REPO}/user-access-request/(?P<deed>[a-z]+)$", access.requests),
    re_path(rf"{_REPO}/discussions(?:/.*)?$", refusals.discussions),
    re_path(rf"{_REPO}/(?:super-squash|lfs-files|like|likers)(?:/.*)?$", refusals.not_offered),
    path("api/spaces", refusals.no_spaces),
    re_path(rf"^api/(?:{_NOT_OFFERED})(?:/.*)?$", refusals.not_offered),
    re_path(r"^api/spaces/.*$", refusals.space),
    re_path(r"^api(?:/.*)?$", refusals.unknown),
    re_path(r"^(?:(?P<kind>datasets)/)?(?P<ns>[^/]+)/(?P<name>[^/]+)/ask-access$", access.ask),
    re_path(r"^(?P<kind>datasets|spaces)/(?P<ns>[^/]+)/(?P<name>[^/]+)/resolve/(?P<rest>.+)$", files.resolve),
    re_path(r"^(?P<kind>datasets|spaces)/(?P<ns>[^/]+)/(?P<name>[^/]+)/raw/(?P<rest>.+)$", files.raw),
    re_path(r"^(?:(?P<kind>datasets)/)?(?P<ns>[^/]+)/(?P<name>[^/]+)\.git/info/lfs/objects/batch$", lfs.batch),
    re_path(r"^(?:(?P<kind>datasets)/)?(?P<ns>[^/]+)/(?P<name>[^/]+)\.git/info/lfs/objects/verify$", lfs.verify),
    re_path(
        r"^(?:(?P<kind>datasets)/)?(?P<ns>[^/]+)/(?P<name>[^/]+)\.git/info/lfs/objects/(?P<oid>[0-9a-f]{64})$",
        lfs.bytes_of,
    ),
    re_path(r"^(?P<ns>[^/]+)/(?P<name>[^/]+)/resolve/(?P<rest>.+)$", files.resolve),
    re_path(r"^(?P<ns>[^/]+)/(?P<name>[^/]+)/raw/(?P<rest>.+)$", files.raw),
    re_path(r"^[^/]+/resolve/.+$", repos.without_namespace),
]

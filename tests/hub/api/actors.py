"""Who may call what: one row for every method of every route under /api/v1. A route without a row fails the test.

`statuses` are those of nobody, Charlie (stranger), Bob (contributor of the lab), Alice (owner), Root (staff); then Alice with a
token that may only read. Requests without a body that changes something are sent empty, so 400 and 422 mean: was let in.
"""

from dataclasses import dataclass

OPEN = (200, 200, 200, 200, 200, 200)
HIDDEN = (404, 404, 200, 200, 200, 200)
SIGNED_IN = (401, 200, 200, 200, 200, 200)
OF_ALICE = (401, 404, 404, 200, 200, 200)


@dataclass(frozen=True)
class Row:
    """`address` may hold names of the stage: {job}, {token}, {webhook}."""

    route: str
    method: str
    address: str
    statuses: tuple[int, int, int, int, int, int]


TABLE = (
    Row("schema", "get", "schema", OPEN),
    Row("me", "get", "me", SIGNED_IN),
    Row("tokens", "get", "tokens", SIGNED_IN),
    Row("tokens", "post", "tokens", (401, 400, 400, 400, 400, 403)),
    Row("tokens/<uuid:ident>", "get", "tokens/{token}", (401, 404, 404, 200, 404, 200)),
    Row("tokens/<uuid:ident>", "delete", "tokens/{token}", (401, 404, 404, 204, 404, 403)),
    Row("organizations", "get", "organizations", SIGNED_IN),
    Row("organizations", "post", "organizations", (401, 400, 400, 400, 400, 403)),
    Row("organizations/<str:name>", "get", "organizations/lab", (401, 404, 200, 200, 200, 200)),
    Row(
        "organizations/<str:name>/members/<str:user>",
        "put",
        "organizations/lab/members/bob",
        (401, 400, 400, 400, 400, 403),
    ),
    Row(
        "organizations/<str:name>/members/<str:user>",
        "delete",
        "organizations/lab/members/bob",
        (401, 403, 403, 204, 204, 403),
    ),
    Row("models", "get", "models", OPEN),
    Row("models/<str:namespace>/<str:name>", "get", "models/lab/secret", HIDDEN),
    Row("models/<str:namespace>/<str:name>/tensors", "get", "models/lab/secret/tensors", HIDDEN),
    Row("models/<str:namespace>/<str:name>/lineage", "get", "models/lab/secret/lineage", HIDDEN),
    Row("models/<str:namespace>/<str:name>/compatible", "get", "models/lab/secret/compatible", HIDDEN),
    Row("models/<str:namespace>/<str:name>/evaluations", "get", "models/lab/secret/evaluations", HIDDEN),
    Row("datasets", "get", "datasets", OPEN),
    Row("datasets/<str:namespace>/<str:name>", "get", "datasets/lab/data", HIDDEN),
    Row("recipes/check", "post", "recipes/check", (401, 400, 400, 400, 400, 400)),
    Row("recipes/licence-overrides", "get", "recipes/licence-overrides", (401, 403, 403, 403, 200, 403)),
    Row("recipes/licence-overrides", "post", "recipes/licence-overrides", (401, 403, 403, 403, 400, 403)),
    Row(
        "recipes/licence-overrides/<uuid:ident>",
        "delete",
        "recipes/licence-overrides/00000000-0000-4000-8000-000000000000",
        (401, 403, 403, 403, 404, 403),
    ),
    Row("methods", "get", "methods", OPEN),
    Row("jobs", "get", "jobs", SIGNED_IN),
    Row("jobs", "post", "jobs", (401, 400, 400, 400, 400, 403)),
    Row("jobs/<str:ident>", "get", "jobs/{job}", OF_ALICE),
    Row("jobs/<str:ident>/events", "get", "jobs/{job}/events", OF_ALICE),
    Row("jobs/<str:ident>/log", "get", "jobs/{job}/log", OF_ALICE),
    Row("jobs/<str:ident>/outputs", "get", "jobs/{job}/outputs", OF_ALICE),
    Row("jobs/<str:ident>/files/<path:path>", "get", "jobs/{job}/files/report.json", OF_ALICE),
    Row("jobs/<str:ident>/cancel", "post", "jobs/{job}/cancel", (401, 404, 404, 200, 200, 403)),
    Row("jobs/<str:ident>/retry", "post", "jobs/{job}/retry", (401, 404, 404, 409, 409, 403)),
    Row("webhooks", "get", "webhooks", SIGNED_IN),
    Row("webhooks", "post", "webhooks", (401, 400, 400, 400, 400, 403)),
    Row("webhooks/<uuid:ident>", "delete", "webhooks/{webhook}", (401, 404, 404, 204, 404, 403)),
)

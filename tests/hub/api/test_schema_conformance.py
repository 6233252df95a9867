"""What the endpoints answer is what the OpenAPI document says they answer, key by key."""

from typing import Any

import jsonschema
import pytest
from drf_spectacular.generators import SchemaGenerator

from hub.accounts.invitations import invitation_create
from hub.accounts.service_accounts import service_account_create
from hub.evals.models import Ranking
from hub.evals.pairs import pair_of
from hub.imports.services import import_start
from hub.jobs.models import JobEvent, JobLog, JobOutput
from hub.jobs.states import State
from tests.factories.benchmarks import make_benchmark, make_entry
from tests.factories.evals import make_evaluation
from tests.factories.evals import make_model as make_measured
from tests.hub.api.test_jobs import make_job
from tests.hub.api.zoo import make_dataset, make_model

pytestmark = pytest.mark.django_db

ANSWERS = {
    "me": "me",
    "tokens": "tokens",
    "organizations": "organizations",
    "organizations/{name}": "organizations/lab",
    "models": "models",
    "models/{namespace}/{name}": "models/alice/child",
    "datasets": "datasets",
    "models/{namespace}/{name}/tensors": "models/alice/child/tensors",
    "models/{namespace}/{name}/lineage": "models/alice/child/lineage",
    "models/{namespace}/{name}/compatible": "models/alice/child/compatible",
    "models/{namespace}/{name}/evaluations": "models/alice/child/evaluations",
    "datasets/{namespace}/{name}": "datasets/alice/digits",
    "methods": "methods",
    "jobs": "jobs",
    "jobs/{ident}": "jobs/{job}",
    "jobs/{ident}/events": "jobs/{job}/events",
    "jobs/{ident}/log": "jobs/{job}/log",
    "jobs/{ident}/outputs": "jobs/{job}/outputs",
    "webhooks": "webhooks",
    "audit": "audit",
    "me/export": "me/export",
    "me/sessions": "me/sessions",
    "invitations": "invitations",
    "organizations/{name}/invitations": "organizations/lab/invitations",
    "imports": "imports",
    "imports/{ident}": "imports/{origin}",
    "organizations/{name}/service-accounts": "organizations/lab/service-accounts",
    "recipes/licence-overrides": "recipes/licence-overrides",
    "models/{namespace}/{name}/claims": "models/alice/measured/claims",
    "models/{namespace}/{name}/storage": "models/alice/child/storage",
    "compare": "compare?models=alice/base,alice/child",
    "benchmarks": "benchmarks",
    "benchmarks/{name}": "benchmarks/pictures",
    "leaderboards": "leaderboards",
    "leaderboards/{name}": "leaderboards/pictures",
    "evaluations/{ident}/against": "evaluations/{measured}/against?others={measured}",
    "evaluations/{ident}/against/{other}": "evaluations/{measured}/against/{measured}",
    "evaluations/{ident}/against/{other}/examples": "evaluations/{measured}/against/{measured}/examples?kind=both_right",
    "rankings": "rankings",
    "rankings/{ident}": "rankings/{job}",
}
STAFF = {"recipes/licence-overrides"}  # fmt: skip


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return SchemaGenerator().get_schema(request=None, public=True)


def strict(schema: Any) -> Any:
    """The same with no room for keys that the document does not name."""
    if isinstance(schema, list):
        return [strict(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: strict(inner) for name, inner in schema.items()}
    if closed.get("type") == "object" and "properties" in closed and "additionalProperties" not in closed:
        closed["additionalProperties"] = False
    return closed


@pytest.fixture
def job(alice, lab):
    make_model(alice, "alice/base")
    repo, commit = make_model(alice, "alice/child", seed=1, base="alice/base")
    make_dataset(alice, "alice/digits")
    error = {"code": "user_error", "message": "No.", "findings": []}
    job = make_job(alice, state=State.FAILED, error=error, progress={"done": 1, "total": 2})
    make_job(alice)
    JobOutput.objects.create(job=job, repo=repo, commit=commit)
    JobEvent.objects.create(job=job, attempt=1, type="state", data={"state": "queued"})
    JobLog.objects.create(job=job, attempt=1, message="hello")
    return job


@pytest.fixture
def origin(alice, lab):
    """What an organisation and its members have, beside jobs and repos."""
    invitation_create(asker=alice, namespace=lab, role="viewer", email="dora@example.org")
    service_account_create(asker=alice, namespace=lab, name="lab-robot", role="contributor")
    return import_start(user=alice, source="hf:somebody/model", mode="metadata", target="alice/copy")


@pytest.fixture
def measured(alice, job):
    """A result, put beside itself by a worker already."""
    row = make_evaluation(alice, *make_measured(alice, "measured"), [1, 0, 1, 1], data="builtin:digits")
    pair_of(row, row)
    make_entry(alice, make_benchmark(alice, "pictures"), row.repo, [1, 0, 1])
    return row


@pytest.fixture
def ranked(job):
    """What a worker found: one place, one entry left out."""
    model = {"repo": "alice/base", "commit": "0" * 40}
    row = {"model": model, "place": 1, "scores": {"logme": 0.5}, "places": {"logme": 1}, "seconds": 1.5}
    report = {
        "task": "image-classification", "labels": ["no", "yes"], "examples": 20, "estimators": ["logme"], "ordered_by": "logme",
        "data": {"data": "builtin:digits", "split": "train"}, "baseline": 0.5, "results": [row],
        "left_out": [{"model": model, "code": "nan_features", "message": "It gives NaN."}], "warnings": ["Few examples."],
    }  # fmt: skip
    return Ranking.objects.create(job=job, result=report)


def test_every_answer_matches_its_schema(document, api_as, alice, root, job, origin, measured, ranked):
    names = {"job": job.pk, "origin": origin.pk, "measured": measured.pk}
    schemas = strict(document["components"]["schemas"])
    for route, address in ANSWERS.items():
        client = api_as(root if route in STAFF else alice)
        answer = client.get(f"/api/v1/{address.format(**names)}")
        assert answer.status_code == 200, route
        content = document["paths"][f"/api/v1/{route}"]["get"]["responses"]["200"]["content"]["application/json"][
            "schema"
        ]
        jsonschema.validate(answer.json(), {**strict(content), "components": {"schemas": schemas}})


def test_a_problem_matches_its_schema(document, api_as, alice):
    answer = api_as(alice).post("/api/v1/jobs", {"recipe": {"kind": "merge", "colour": 1}}, format="json")
    assert answer.status_code == 422
    schemas = strict(document["components"]["schemas"])
    jsonschema.validate(answer.json(), {"$ref": "#/components/schemas/Problem", "components": {"schemas": schemas}})


def test_every_get_that_answers_json_is_held_against_its_schema(document):
    covered = {f"/api/v1/{route}" for route in ANSWERS}
    others = {path for path, operations in document["paths"].items() if "get" in operations} - covered
    assert others == {"/api/v1/schema", "/api/v1/tokens/{ident}", "/api/v1/jobs/{ident}/files/{path}", "/api/v1/leaderboards/{name}.csv"}  # fmt: skip

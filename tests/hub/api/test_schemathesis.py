"""Requests drawn from the OpenAPI document: whatever is sent where, the hub has an answer that is not a 5xx of its own making."""

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from django.db import transaction
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, settings

from tests.factories.accounts import make_token
from tests.hub.api.test_jobs import make_job
from tests.hub.api.zoo import make_dataset, make_model

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(180)]
EXAMPLES = 4  # of each operation and asker: some sixty operations, within a minute
QUIET = settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
# 501 and 503 are said on purpose: not offered, offline.
MEANT = (501, 503)


def _schema():
    document = SchemaGenerator().get_schema(request=None, public=True)
    schema = schemathesis.openapi.from_dict(document)
    schema.app = get_wsgi_application()
    schema.config.update(base_url="http://localhost")
    return schema


OPERATIONS = [result.ok() for result in _schema().get_all_operations()]


@pytest.fixture
def header(request, alice, root, lab) -> dict[str, str]:
    make_model(alice, "alice/one")
    make_dataset(alice, "alice/data")
    make_job(alice)
    raw = {"nobody": "", "alice": make_token(alice, "write", "submit"), "root": make_token(root, "admin")}[
        request.param
    ]
    return {"Authorization": f"Bearer {raw}"} if raw else {}


@pytest.mark.parametrize("header", ["nobody", "alice", "root"], indirect=True)
@pytest.mark.parametrize("group", range(4))
def test_no_request_ends_in_an_error_of_ours(header, group):
    failed = [line for operation in OPERATIONS[group::4] for line in _failures(operation, header)]
    assert failed == []


def _failures(operation, header: dict[str, str]) -> list[str]:
    found = []

    @QUIET
    @given(case=operation.as_strategy())
    def ask(case):
        with transaction.atomic():
            answer = case.call(headers=header)
            transaction.set_rollback(True)
        if answer.status_code >= 500 and answer.status_code not in MEANT:
            found.append(f"{operation.label}: {answer.status_code} for {case.as_curl_command()[:500]}")

    ask()
    return found

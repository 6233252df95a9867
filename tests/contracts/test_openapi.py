"""The OpenAPI document is a promise. A change of it is recorded on purpose, with `make schema`, and read in review."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from drf_spectacular.generators import SchemaGenerator

from workers.contracts.version import VERSION

SNAPSHOT = Path(__file__).with_name("openapi.json")


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    found = json.loads(json.dumps(SchemaGenerator().get_schema(request=None, public=True), default=str))
    # A release alone is no change of the contract.
    return {**found, "info": {**found["info"], "version": "0"}}


def test_the_document_is_the_recorded_one(document, request):
    text = json.dumps(document, indent=1, sort_keys=True) + "\n"
    if request.config.getoption("--record-schema", default=False):
        SNAPSHOT.write_text(text)
    assert SNAPSHOT.read_text() == text, "The API changed. Look at the difference, then record it with `make schema`."


def test_the_version_is_that_of_the_release():
    assert SchemaGenerator().get_schema(request=None, public=True)["info"]["version"] == VERSION


def test_nothing_but_the_api_is_in_it(document):
    assert all(path.startswith("/api/v1/") for path in document["paths"])


def test_names_of_operations_are_unique(document):
    names = [operation["operationId"] for operations in document["paths"].values() for operation in operations.values()]
    assert len(names) == len(set(names))


def test_every_operation_says_what_it_is_for_and_how_it_fails(document):
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation.get("summary"), f"{method} {path}"
            assert "application/problem+json" in operation["responses"]["default"]["content"], f"{method} {path}"


def test_every_schema_is_sound(document):
    for schema in document["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_every_reference_leads_somewhere(document):
    schemas = document["components"]["schemas"]

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            if "$ref" in value:
                assert value["$ref"].rpartition("/")[2] in schemas, value["$ref"]
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    walk(document)

"""The OpenAPI document: only /api/v1, and every operation says that its errors are problem documents (RFC 9457)."""

from typing import Any

from drf_spectacular.openapi import AutoSchema

PREFIX = "/api/v1/"
PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457. `code` is stable; `findings` say what is wrong with a recipe, `errors` which fields are not right.",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "findings": {"type": "array", "items": {"$ref": "#/components/schemas/FindingOutput"}},
        "errors": {
            "type": "array",
            "items": {"type": "object", "properties": {"where": {"type": "string"}, "message": {"type": "string"}}},
        },
    },
}


def only_api(endpoints: list[tuple[Any, ...]], **_: Any) -> list[tuple[Any, ...]]:
    return [endpoint for endpoint in endpoints if endpoint[0].startswith(PREFIX)]


def with_problems(result: dict[str, Any], generator: Any, **_: Any) -> dict[str, Any]:
    result["components"].setdefault("schemas", {})["Problem"] = PROBLEM
    answer = {
        "description": "What went wrong.",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for operations in result["paths"].values():
        for operation in operations.values():
            operation["responses"].setdefault("default", answer)
    return result


class Operations(AutoSchema):
    """Operation names from method and path, so that they are unique and stay; descriptions only where one was written for readers."""

    def get_operation_id(self) -> str:
        parts = self.path.removeprefix(PREFIX).replace("{", "").replace("}", "").replace("-", "_").split("/")
        return "_".join([self.method.lower(), *parts])

    def get_description(self) -> str:
        return ""

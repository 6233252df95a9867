"""`/api/v1/schema`: the OpenAPI document, offline, without a browser application."""

from typing import Any

from drf_spectacular.renderers import OpenApiJsonRenderer2, OpenApiYamlRenderer2
from drf_spectacular.utils import OpenApiParameter, extend_schema
from drf_spectacular.views import SpectacularAPIView


class SchemaView(SpectacularAPIView):
    """JSON unless YAML is asked for, with `?format=yaml` or the Accept header."""

    renderer_classes = [OpenApiJsonRenderer2, OpenApiYamlRenderer2]
    permission_classes = ()

    @extend_schema(
        summary="This document",
        parameters=[
            OpenApiParameter("format", str, enum=["json", "yaml"], description="JSON unless yaml is asked for")
        ],
        responses={200: {"type": "object", "additionalProperties": True}},
    )
    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        return super().get(request, *args, **kwargs)

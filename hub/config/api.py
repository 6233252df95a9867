"""Everything under /api/v1. Each app brings its own routes; the last one answers what nobody knows."""

from django.urls import include, path

from hub.core.api import UnknownRoute
from hub.core.schema_view import SchemaView

urlpatterns = [
    path("schema", SchemaView.as_view(), name="api-schema"),
    path("", include("hub.accounts.api.urls")),
    path("", include("hub.catalog.api.urls")),
    path("", include("hub.benchmarks.api.urls")),
    path("", include("hub.evals.api.urls")),
    path("", include("hub.recipes.api.urls")),
    path("", include("hub.jobs.api.urls")),
    path("", include("hub.imports.api.urls")),
    path("", include("hub.pages.beside.urls")),
    path("<path:rest>", UnknownRoute.as_view()),
    path("", UnknownRoute.as_view()),
]

"""Route table. The first segments of our own routes are reserved namespaces: `hub.accounts.names` derives them from here."""

from django.contrib import admin
from django.urls import include, path

from hub.core.api import UnknownRoute

handler400 = "hub.core.handlers.bad_request"
handler403 = "hub.core.handlers.permission_denied"
handler404 = "hub.core.handlers.not_found"
handler500 = "hub.core.handlers.server_error"

urlpatterns = [
    path("", include("hub.config.health")),
    path("", include("hub.config.metrics")),
    path("api/v1", UnknownRoute.as_view()),
    path("api/v1/", include("hub.config.api")),
    path("admin/", admin.site.urls),
    path("", include("hub.xet.urls")),
    path("", include("hub.hfapi.urls")),
    path("", include("hub.pages.urls")),
]

"""Routes of the Xet gateway, and the token it is entered with. They come before those of `hub.hfapi`."""

from django.urls import path, re_path

from hub.xet import views

_REPO = r"^api/(?P<kind>models|datasets)/(?P<ns>[^/]+)/(?P<name>[^/]+)"
_GATEWAY = r"^xet/(?P<generation>[0-9a-f]{16})/v1"

urlpatterns = [
    re_path(rf"{_REPO}/xet-write-token/.+$", views.write_token),
    re_path(rf"{_REPO}/xet-read-token/.+$", views.read_token),
    re_path(rf"{_GATEWAY}/xorbs/default/(?P<hash>[0-9a-f]{{64}})$", views.xorb),
    re_path(rf"{_GATEWAY}/shards$", views.shard),
    path("xet", views.nothing),
    path("v1/telemetry", views.nothing),  # where clients report to after a transfer: at the root of the host
    re_path(r"^xet/.*$", views.nothing),
]

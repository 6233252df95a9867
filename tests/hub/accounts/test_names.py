import pytest
from django.urls import get_resolver, include, path

from hub.accounts.names import first_segments, name_validate, reserved_names
from hub.core.errors import Invalid


def test_the_first_segment_of_every_route_is_reserved():
    routes = first_segments(get_resolver())
    assert {"api", "admin"} <= routes
    for segment in routes:
        with pytest.raises(Invalid, match="reserved"):
            name_validate(segment.upper())


def test_routes_are_found_through_includes_and_variables_are_not_names():
    class Resolver:
        url_patterns = [
            path("Alpha", lambda request: None),
            path("<str:namespace>/<str:name>", lambda request: None),
            path("", include([path("beta/<int:number>", lambda request: None), path("", lambda request: None)])),
            path("gamma/", include([path("delta", lambda request: None)])),
        ]

    assert first_segments(Resolver()) == {"alpha", "beta", "gamma"}


def test_files_at_the_root_are_reserved_too():
    assert {"favicon.ico", "robots.txt", "static", "healthz"} <= reserved_names()

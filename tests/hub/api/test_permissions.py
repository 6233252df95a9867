"""The permission table against the routes that are really there. How to read and extend it: `tests.hub.api.permissions`."""

import pytest
from django.db import transaction
from django.urls import resolve
from rest_framework.test import APIClient

from tests.hub.api.permissions.stage import Stage
from tests.hub.api.permissions.table import ACTORS, METHODS, TOKENS, Row, address_example, routes, rows

pytestmark = pytest.mark.django_db
TABLE = rows()


@pytest.fixture
def stage(alice, bob, charlie, root, lab) -> Stage:
    return Stage(alice, bob, charlie, root, lab)


def _status(stage: Stage, actor: str, row: Row) -> int:
    """What this call answers; whatever it changed is undone."""
    with transaction.atomic():
        status = stage.ask(actor, row)
        transaction.set_rollback(True)
    return status


def _proposed(stage: Stage, route: str, method: str, address: str) -> str:
    blank = Row(route, method, address, ())
    return Row(route, method, address, tuple(_status(stage, actor, blank) for actor in ACTORS)).line()


@pytest.mark.timeout(600)  # it is slow only when it has much to propose
def test_every_method_of_every_route_has_a_line(stage):
    addresses: dict[str, list[str]] = {}
    for row in TABLE:
        addresses.setdefault(row.route, []).append(row.address)
    known = {(row.route, row.method) for row in TABLE}
    missing = []
    for route in routes():
        address = (addresses.get(route) or [address_example(route)])[0]
        unknown = [method for method in METHODS if (route, method) not in known]
        served = [method for method in unknown if _status(stage, "root", Row(route, method, address, ())) != 405]
        lines = [_proposed(stage, route, method, address) for method in served]
        if route not in addresses and not served:
            lines = [_proposed(stage, route, "GET", address)]
        if lines:
            missing += [f"# {route}", *lines]
    assert not missing, "Judge these lines, and put them into a table in tests/hub/api/permissions:\n" + "\n".join(
        missing
    )


def test_no_line_is_left_of_a_route_that_is_gone():
    there = set(routes())
    assert [row.route for row in TABLE if row.route not in there] == []


def test_each_line_has_an_address_of_its_own_route(stage):
    wrong = []
    for row in TABLE:
        address = row.address.format(**stage.names)
        found = resolve(f"/{address.partition('?')[0]}").route or "/"
        wrong += [f"{row.address} belongs to {found}, not to {row.route}"] if found != row.route else []
    assert wrong == []


@pytest.mark.parametrize("place", range(len(ACTORS)), ids=ACTORS)
def test_each_actor_gets_what_the_table_says(place, stage):
    lines = [row for row in TABLE if not (row.is_page and ACTORS[place] in TOKENS)]
    found = {(row.method, row.address): _status(stage, ACTORS[place], row) for row in lines}
    assert found == {(row.method, row.address): row.statuses[place] for row in lines}


def test_nobody_breaks_the_hub_by_asking():
    """501 is meant: what this hub does not offer says so, and clients do not try again."""
    assert [row.line() for row in TABLE if any(status >= 500 and status != 501 for status in row.statuses)] == []


def test_a_token_that_is_over_opens_no_more_than_none():
    """Pages do not look at tokens; everywhere else a bad one is refused."""
    over = [ACTORS.index("expired"), ACTORS.index("revoked")]
    public = ("healthz", "readyz", "metrics")
    assert [
        row.line() for row in TABLE
        if not row.is_page and not row.address.startswith(public) and any(row.statuses[place] < 400 for place in over)
    ] == []  # fmt: skip


def test_a_cookie_alone_changes_nothing(stage, alice):
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(alice)
    changing = [row for row in TABLE if row.method != "GET" and row.address.startswith("api/v1/")]
    passed = []
    for row in changing:
        with transaction.atomic():
            answer = getattr(client, row.method.lower())(f"/{row.address.format(**stage.names)}", format="json")
            transaction.set_rollback(True)
        passed += [row.line()] if answer.status_code not in (403, 404, 405) else []
    assert passed == []

import logging

import httpx
import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from hub.cli.client import Hub


@pytest.fixture
def hub_here(db, monkeypatch, settings):
    """Commands that talk to a hub talk to this process: the same code, the same database, no socket."""
    from django.core.wsgi import get_wsgi_application

    settings.ALLOWED_HOSTS = ["hub.example"]
    transport = httpx.WSGITransport(app=get_wsgi_application())
    original = Hub.__init__
    monkeypatch.setattr(Hub, "__init__", lambda self: original(self, transport=transport))
    monkeypatch.setenv("GENEPOOL_URL", "http://hub.example")
    # The test's transaction is on the connection that a real request would close.
    signals = (request_started, request_finished)
    was_connected = [signal for signal in signals if signal.disconnect(close_old_connections)]
    # The server's log goes to standard output too, which here is the command's.
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)
    for signal in was_connected:
        signal.connect(close_old_connections)


@pytest.fixture
def as_user(monkeypatch):
    """`as_user(alice, "submit")` puts a token of hers into the environment."""
    from tests.factories.accounts import make_token

    return lambda user, *scopes: monkeypatch.setenv("GENEPOOL_TOKEN", make_token(user, *scopes))

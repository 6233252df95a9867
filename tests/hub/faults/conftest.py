from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

import pytest
from django.core.management import call_command

from hub.accounts.models import User
from tests.databases import environment_of_children
from tests.factories.accounts import make_token, make_user
from tests.hub.faults import sending
from tests.hub.faults.victims import Victims
from tests.s3_store import bucket_url, s3_options, s3_server


@pytest.fixture(autouse=True)
def storage(settings, tmp_path, monkeypatch):
    sending.small_parts(monkeypatch)
    settings.STORAGE_URL = f"file://{tmp_path}/storage"
    settings.SITE_URL = "http://testserver"


@dataclass
class Crowd:
    """What the tests of a file share, since emptying the database takes longer than most of them: each has a repo of its own."""

    alice: User
    token: str
    victims: Victims
    numbers: Iterator[int] = field(default_factory=lambda: count(1))


@pytest.fixture(scope="module")
def crowd(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        alice = make_user("alice")
        try:
            with Victims(environment_of_children()) as victims:
                yield Crowd(alice, make_token(alice, "write"), victims)
        finally:
            call_command("flush", interactive=False, verbosity=0)


@pytest.fixture(scope="module")
def s3_endpoint():
    with s3_server() as endpoint:
        yield endpoint


@pytest.fixture
def bucket(settings, s3_endpoint):
    settings.S3 = s3_options(s3_endpoint)
    settings.STORAGE_URL = bucket_url(settings.S3)

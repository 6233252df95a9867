"""Shared fixtures. The database, Redis and data directory of a test run come from `tests/services.py`.

The addresses go into the environment as soon as this file is read: the conftests below import models, and so settings.
"""

import importlib.util

import pytest
from hypothesis import settings as property_settings

from tests import network
from tests.claims import refuse_unmeasured
from tests.services import services

# No deadline: how long an example takes says something about the machine. The same examples in every run.
property_settings.register_profile("repository", deadline=None, derandomize=True, database=None)
property_settings.load_profile("repository")

services.begin()
if importlib.util.find_spec("django"):
    import django
    from django.conf import settings

    # Pages in tests name the files as they are: nothing is collected first, so there is no manifest of hashed names.
    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    django.setup()


def pytest_configure(config: pytest.Config) -> None:
    """Under xdist the controller starts the services: its workers come and go, and share them."""
    config.addinivalue_line("markers", "quick: a claim that CI holds too, see tests/claims.py")
    is_controller = not hasattr(config, "workerinput") and getattr(config.option, "dist", "no") != "no"
    if is_controller:
        services.start()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    refuse_unmeasured(items)


def pytest_unconfigure() -> None:
    services.stop()


@pytest.fixture(scope="session", autouse=True)
def _no_network():
    with pytest.MonkeyPatch.context() as patch:
        network.block(patch)
        yield


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment, django_db_blocker):
    """In place of pytest-django's: a copy of a migrated template instead of a migration per process."""
    from tests.databases import test_database

    services.start()
    with django_db_blocker.unblock(), test_database():
        yield


@pytest.fixture
def child_environment(db) -> dict[str, str]:
    """For a process that a test starts and that is to see the test's database."""
    from tests.databases import environment_of_children

    return environment_of_children()

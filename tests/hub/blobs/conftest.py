import pytest

from hub.blobs.drivers import LocalDriver


@pytest.fixture
def driver(tmp_path) -> LocalDriver:
    return LocalDriver(tmp_path / "blobs")


@pytest.fixture(autouse=True)
def storage(settings, tmp_path):
    settings.STORAGE_URL = f"file://{tmp_path}/storage"

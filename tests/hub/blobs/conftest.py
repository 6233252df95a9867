import pytest

from hub.blobs.drivers import Driver, LocalDriver, open_driver
from tests.s3_store import bucket_url, s3_options, s3_server


@pytest.fixture
def driver(tmp_path) -> LocalDriver:
    return LocalDriver(tmp_path / "blobs")


@pytest.fixture(scope="session")
def s3_endpoint():
    with s3_server() as endpoint:
        yield endpoint


@pytest.fixture(params=["file", "s3"])
def store(request, tmp_path) -> Driver:
    """Each test that asks for it runs over a folder and over a bucket."""
    if request.param == "file":
        return LocalDriver(tmp_path / "blobs")
    options = s3_options(request.getfixturevalue("s3_endpoint"))
    return open_driver(bucket_url(options), options)


@pytest.fixture(autouse=True)
def storage(settings, tmp_path):
    settings.STORAGE_URL = f"file://{tmp_path}/storage"

"""From any store into any: a folder backed up and a bucket restored into, and the other way."""

import hashlib

import pytest

from hub.blobs.drivers import open_driver
from tests.factories.catalog import weights
from tests.hub.backups.places import empty_place
from tests.hub.backups.test_round_trip import ASK
from tests.s3_store import bucket_url, s3_options, s3_server


@pytest.fixture(scope="module")
def options():
    with s3_server() as endpoint:
        yield s3_options(endpoint)


@pytest.fixture
def storage(request, settings, tmp_path, options):
    """Where the hub that is backed up has its blobs."""
    settings.S3 = options
    settings.STORAGE_URL = f"file://{tmp_path}/storage" if request.param == "file" else bucket_url(options)


@pytest.fixture
def hub(hub, options):
    hub.environment.update({f"S3_{name.upper()}": value for name, value in options.items() if value})
    return hub


@pytest.fixture
def target(request, hub, child_environment, tmp_path, options):
    with empty_place(hub.environment, tmp_path / "elsewhere") as place:
        if request.param == "s3":
            place.environment["STORAGE_URL"] = bucket_url(options)
        yield place


def contents(url: str, options) -> dict[str, bytes]:
    driver = open_driver(url, options)
    return {sha256: b"".join(driver.open(sha256)) for sha256, _ in driver.list()}


@pytest.mark.parametrize(("storage", "target"), [("file", "s3"), ("s3", "file")], indirect=True)
def test_every_row_and_byte_comes_back_between_stores(storage, filled, token, target, options, tmp_path):
    made = filled.genepool("backup", str(tmp_path / "backup"))
    target.genepool("restore", str(tmp_path / "backup"))
    assert target.rows() == filled.rows()
    before, after = (contents(place.environment["STORAGE_URL"], options) for place in (filled, target))
    assert after == before
    assert len(after) == made["blobs"] > 4
    assert target.genepool("verify")["checked"] == made["blobs"]
    said = target.run(token, code=ASK).stdout.splitlines()[-1].split()
    if said[0] == "200":
        assert said[1] == hashlib.sha256(weights(fill=3)).hexdigest()
    else:
        assert said[0] == "302"  # to a signed address of the bucket

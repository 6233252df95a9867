"""A real S3 server on 127.0.0.1 for tests: moto's, in a thread of this process."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

BUCKET = "genepool-tests"


@contextmanager
def s3_server() -> Iterator[str]:
    """Gives its address. Stops with the block."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


def s3_options(endpoint: str) -> dict[str, str]:
    return {
        "endpoint": endpoint,
        "public_endpoint": "",
        "region": "us-east-1",
        "access_key": "testing",
        "secret_key": "testing",
    }


def bucket_url(options: dict[str, str]) -> str:
    """A new folder in the bucket, which is made when it is not there."""
    from hub.blobs.drivers.s3_client import S3Options, client_of

    client_of(S3Options(**options), options["endpoint"]).create_bucket(Bucket=BUCKET)
    return f"s3://{BUCKET}/{uuid4().hex[:8]}"

"""Whether the storage can be written, asked by the readiness probe and by the system checks."""

from collections.abc import Mapping

from hub.blobs.drivers import DriverError, StorageFull, open_driver


class NotReady(Exception):
    """One part does not work. The message is fit for whoever may see the probe: no address, no path."""


def write_test(storage_url: str, s3: Mapping[str, str] | None = None) -> None:
    """Writes a small file where blobs lie and takes it away again."""
    try:
        open_driver(storage_url, s3).check()
    except StorageFull as error:
        raise NotReady("The storage is full.") from error
    except DriverError as error:
        raise NotReady(f"The storage cannot be written: {error}") from error
    except OSError as error:
        raise NotReady(f"The storage cannot be written: {error.strerror}.") from error

"""What storage tells people, and which error of a driver becomes which of these."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from hub.blobs.drivers import BadAddress, Damaged, DigestMismatch, Missing, SizeMismatch, StorageDown, StorageFull
from hub.core.errors import ApplicationError, Invalid, Unavailable

logger = logging.getLogger(__name__)
RETRY_S = 10


class OutOfStorage(ApplicationError):
    """507, not 503: clients repeat a 503 at once, and a full disk does not empty itself in eight seconds."""

    status, code, title = 507, "storage_full", "The storage is full"


@contextmanager
def driver_errors(
    missing: str = "The content of this file is missing in the storage of this hub. The administrator has to restore it.",
) -> Iterator[None]:
    try:
        yield
    except (BadAddress, DigestMismatch, SizeMismatch) as error:
        raise Invalid(str(error)) from error
    except Missing as error:
        raise Unavailable(missing) from error
    except Damaged as error:
        logger.error("storage: %s", error)
        raise Unavailable(
            "The content of this file cannot be rebuilt: it is kept as a difference, and that or its base is damaged. "
            "The administrator finds which with `genepool verify` and has to restore it."
        ) from error
    except StorageFull as error:
        raise OutOfStorage(
            "The storage of this hub is full. Nothing of this file was kept; ask the administrator for room."
        ) from error
    except StorageDown as error:
        raise Unavailable(
            "The storage of this hub does not answer. Nothing was changed; try again in a few seconds.",
            headers={"Retry-After": str(RETRY_S)},
        ) from error

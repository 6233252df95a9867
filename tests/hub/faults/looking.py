"""What is there after a fault: in the branch, in the rows and in the store."""

import hashlib
from typing import Any

from django.db.models import QuerySet

from hub.blobs.drivers import LocalDriver
from hub.blobs.models import Blob
from hub.blobs.services import driver
from hub.catalog.models import Repo
from hub.catalog.selectors import commit_resolve
from hub.catalog.trees import state_read


def read_whole(repo: Repo) -> dict[str, bytes]:
    """Every file of the branch; each has the hash that the commit says."""
    found = {}
    for path, file in state_read(commit_resolve(repo, "main").tree_id).items():
        found[path] = b"".join(driver().open(file.sha256))
        assert hashlib.sha256(found[path]).hexdigest() == file.sha256
    return found


def every_row_has_its_bytes(rows: QuerySet[Blob]) -> None:
    for sha256, size in rows.values_list("pk", "size_bytes"):
        content = b"".join(driver().open(sha256))
        assert (hashlib.sha256(content).hexdigest(), len(content)) == (sha256, size)


def leftovers(store: Any) -> list[str]:
    """What is neither a blob nor on its way to be one."""
    store = getattr(store, "plain", store)
    if isinstance(store, LocalDriver):
        return [str(path) for name in ("tmp", "parts") for path in (store.root / name).glob("*")]
    client, root = store._client, store._root
    keys = client.list_objects_v2(Bucket=store.bucket, Prefix=f"{root}tmp/").get("Contents", [])
    uploads = client.list_multipart_uploads(Bucket=store.bucket, Prefix=root).get("Uploads", [])
    return [entry["Key"] for entry in [*keys, *uploads]]

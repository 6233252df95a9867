"""Downloads are counted by files that every load needs once."""

from django.db import connection
from django.http import HttpRequest

from hub.catalog.models import Repo

# Of these a repo has one: a model its config, an adapter its own; a dataset is counted by its training data.
_COUNTED = frozenset({"config.json", "adapter_config.json", "data/train.safetensors"})
_BUMP = """
UPDATE catalog_repo SET downloads = downloads + 1
WHERE id = (SELECT id FROM catalog_repo WHERE id = %s FOR UPDATE SKIP LOCKED)
"""


def download_count(request: HttpRequest, repo: Repo, path: str) -> None:
    """A row that a commit holds at the moment is skipped: a lost count is better than a waiting download."""
    is_start = request.headers.get("Range", "bytes=0-").replace(" ", "").startswith("bytes=0-")
    if request.method == "GET" and is_start and path in _COUNTED:
        with connection.cursor() as cursor:
            cursor.execute(_BUMP, [repo.pk])

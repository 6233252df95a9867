"""An import as JSON."""

from typing import Any

from django.conf import settings

from hub.accounts.models import User
from hub.catalog.models import Repo
from hub.imports import selectors
from hub.imports.models import Import
from hub.imports.remote.source import Source
from hub.jobs.api.representation import PROGRESS
from hub.jobs.states import public_state


def import_json(origin: Import) -> dict[str, Any]:
    job = origin.job
    return {
        "id": str(origin.pk),
        "url": f"{settings.SITE_URL}/api/v1/imports/{origin.pk}",
        "source": Source(origin.endpoint, origin.type, origin.remote).page(),
        "endpoint": origin.endpoint,
        "remote": origin.remote,
        "type": origin.type,
        "revision": origin.revision,
        "mode": origin.mode,
        "all_refs": origin.all_refs,
        "refresh": origin.refresh,
        "owner": origin.owner.username,
        "target": origin.target,
        "repo": origin.repo.full_name if origin.repo is not None else None,
        "commit": origin.commit.oid if origin.commit is not None else None,
        "source_commit": origin.source_commit or None,
        "state": public_state(job.state) if job is not None else None,
        "job": job.number if job is not None else None,
        "progress": PROGRESS | job.progress if job is not None else None,
        "error": (job.error or None) if job is not None else None,
        "created_at": origin.created_at,
        "checked_at": origin.checked_at,
        "imported_at": origin.imported_at,
    }


def import_detail(origin: Import, *, user: User) -> dict[str, Any]:
    """The list of what is not here names files, so it is for who may read the repo."""
    is_readable = origin.repo is not None and Repo.objects.visible_to(user, "read").filter(pk=origin.repo.pk).exists()
    files = selectors.remote_files_of(origin.commit) if is_readable and origin.commit is not None else []
    return import_json(origin) | {"remote_files": files}

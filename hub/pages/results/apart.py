"""Which parents a result is never compared with: a model that tells other classes apart has no number on its data."""

from typing import Any

from hub.catalog.models import Commit, Repo
from hub.catalog.selectors import facts_of
from hub.jobs.models import Job, JobInput
from workers.planning.labels import label_places, shown

ROLES = ("base", "source", "model")
MOST = 16


def parents_apart(job: Job, commit: Commit, *, user: Any) -> list[str]:
    """A sentence for each parent, of those that `user` may see, whose classes do not take in those of the result."""
    ours = facts_of(commit).labels
    if not ours:
        return []
    found: dict[str, str] = {}
    # SECURITY: class names are content of files: a parent behind a gate, and one that is hidden, is not told of.
    seen = Repo.objects.visible_to(user, "read").open_to(user)
    for item in JobInput.objects.filter(job=job, role__in=ROLES, repo__in=seen).select_related("repo").order_by("id")[:MOST]:  # fmt: skip
        parent = Commit.objects.filter(repo=item.repo, oid=item.commit_oid).first()
        theirs = facts_of(parent).labels if parent is not None else ()
        if item.repo is None or not theirs:
            continue
        _, findings = label_places(ours, theirs, our_name="the result", their_name=item.repo.full_name)
        if findings:
            found[item.repo.full_name] = (
                f"Parent not measurable: other classes. {item.repo.full_name} tells {shown(theirs)} apart, "
                f"the result {shown(ours)}: on the data of one the other has no answer to give."
            )
    return list(found.values())

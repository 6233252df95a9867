"""What lies near an entry that stands alone on /compare, and which jobs measure those that are compared."""

from collections.abc import Sequence

from hub.accounts.models import User
from hub.catalog.models import Repo
from hub.jobs.models import Job
from hub.jobs.states import FINAL
from hub.pages.beside.members import Member, Reader

OFFERED = 6


def near_of(member: Member, *, user: Reader) -> list[tuple[str, list[str]]]:
    """(how they belong together, names), of what `user` may see; groups without entries are left out."""
    repo = member.opened.repo
    seen = Repo.objects.visible_to(user, "read").filter(type="model").exclude(pk=repo.pk)
    same = seen.filter(architecture=repo.architecture).exclude(architecture="")
    groups = (
        ("What it was made of", seen.filter(child_edges__child=member.opened.commit)),
        ("Made from it", seen.filter(commits__parent_edges__parent_repo=repo)),
        (f"Other {repo.architecture}", same),
    )
    found, listed = [], set[str]()
    for word, repos in groups:
        names = [name for name in repos.order_by("full_name").values_list("full_name", flat=True).distinct()[: 2 * OFFERED] if name not in listed][:OFFERED]  # fmt: skip
        listed.update(names)
        if names:
            found.append((word, names))
    return found


def jobs_measuring(members: Sequence[Member], *, user: Reader) -> list[Job]:
    """Evaluations under way that read one of `members`, of those that `user` may see."""
    if not isinstance(user, User):
        return []
    repos = [member.opened.repo.pk for member in members]
    jobs = Job.objects.visible_to(user).filter(kind="evaluate", inputs__role="model", inputs__repo__in=repos)
    return list(jobs.exclude(state__in=FINAL).order_by("number").distinct()[:5])

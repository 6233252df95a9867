"""Rights of a job's owner over what it reads and writes: asked at submission, again at claim, again at publishing."""

from collections.abc import Iterable

from hub.accounts.models import User
from hub.accounts.selectors import namespace_writable
from hub.catalog.models import Repo
from hub.catalog.secrecy import names_for, unpublishable_ancestors
from hub.core.errors import Forbidden, NotFound
from hub.jobs.models import Job
from workers.contracts.findings import Finding, Repair
from workers.contracts.recipes import Output


def inputs_check(*, job: Job) -> tuple[Finding, ...]:
    """One finding per input that is gone or that the owner may not read any more."""
    inputs = list(job.inputs.order_by("id"))
    seen = set(
        Repo.objects.filter(pk__in=[row.repo_id for row in inputs]).open_to(job.owner).values_list("pk", flat=True)
    )
    names = {
        (entry["role"], entry.get("index", 0)): entry.get("reference", "") for entry in job.request.get("inputs", [])
    }
    return tuple(
        Finding(
            code="input_not_visible",
            severity="error",
            message=f"{names.get((row.role, row.position)) or 'An input'}: there is no such entry, or you may not see it.",
            consequence="It was there when the job was submitted; its rights have changed since.",
            where=f"{row.role}s[{row.position}]" if row.role != "base" else "base",
            stage="run",
        )
        for row in inputs
        if row.repo_id not in seen
    )


def output_check(*, user: User, output: Output, input_repos: Iterable[Repo]) -> tuple[Finding, ...]:
    """May `user` publish a result of `input_repos` as `output`? A private input stays private unless its publisher says otherwise."""
    namespace, _, name = output.repo.partition("/")
    existing = Repo.objects.filter(type="model", full_name__iexact=f"{namespace}/{name}").first()
    may_write = existing is not None and Repo.objects.visible_to(user, "write").filter(pk=existing.pk).exists()
    try:
        # a token that is limited to this very repo may write to it, and to nothing else in the namespace
        if not may_write:
            namespace_writable(user, namespace)
    except (NotFound, Forbidden) as error:
        return (
            Finding(
                code="output_not_writable", severity="error", message=f"{output.repo}: {error}", where="output.repo"
            ),
        )
    if existing is not None and not may_write:
        message = f"{output.repo} is there already and you may not write to it. Choose another name."
        return (Finding(code="output_not_writable", severity="error", message=message, where="output.repo"),)
    if (existing.visibility if existing is not None else output.visibility) != "public":
        return ()
    return private_inputs_check(user=user, input_repos=input_repos, is_existing=existing is not None)


def private_inputs_check(*, user: User, input_repos: Iterable[Repo], is_existing: bool) -> tuple[Finding, ...]:
    private = [repo for repo in input_repos if repo.visibility == "private"]
    publishable = set(
        Repo.objects.visible_to(user, "admin").filter(pk__in=[repo.pk for repo in private]).values_list("pk", flat=True)
    )
    # What a private input was itself made of counts too, over any number of generations.
    closed = [repo for repo in private if repo.pk not in publishable] + unpublishable_ancestors(user, private)
    if not closed:
        return ()
    names = names_for(user, {repo.pk: repo for repo in closed}.values())
    where = "output.repo" if is_existing else "output.visibility"
    patch = () if is_existing else ({"op": "add", "path": "/output/visibility", "value": "private"},)
    label = "Choose a private repo for the result" if is_existing else "Keep the result private"
    return (
        Finding(
            code="private_input_public_output",
            severity="error",
            message=f"The result would be public, but {names} is private and not yours to publish.",
            consequence="Whoever reads the result learns from its weights what is in the private input.",
            where=where,
            repair=(Repair(label=label, patch=patch),),
        ),
    )

"""Writes of the catalogue. One call is one transaction; who may do it is checked here or, for refs, by `selectors.repo_get`."""

from django.db import IntegrityError, transaction

from hub.accounts.audit import audit
from hub.accounts.models import User
from hub.accounts.selectors import namespace_writable
from hub.blobs.services import blob_put
from hub.catalog import moving
from hub.catalog.attributes import ATTRIBUTES_FILE, INITIAL_TEXT
from hub.catalog.commits import commit_create, commit_write, first_draft
from hub.catalog.errors import RepoMissing
from hub.catalog.models import LineageEdge, Repo, RepoRedirect
from hub.catalog.operations import AddFile
from hub.catalog.refs import branch_create, branch_delete, tag_create, tag_delete
from hub.catalog.secrecy import names_for, unpublishable_ancestors
from hub.core.errors import Conflict, Forbidden, Invalid, Refused
from workers.contracts.findings import Finding
from workers.contracts.references import repo_reference_parse

TYPES = tuple(name for name, _ in Repo.TYPES)
VISIBILITIES = tuple(name for name, _ in Repo.VISIBILITIES)

__all__ = [
    "branch_create", "branch_delete", "commit_create", "repo_create", "repo_delete", "repo_move", "repo_update", "tag_create", "tag_delete",
]  # fmt: skip


def repo_create(*, user: User, namespace: str, name: str, type: str = "model", visibility: str = "private") -> Repo:
    """A repo with one commit that holds .gitattributes, so that it has a head from the start."""
    if type not in TYPES:
        raise Invalid(f"{type!r} is not a type of repo. Choose one of {', '.join(TYPES)}.")
    _visibility_validate(visibility)
    owner = namespace_writable(user, namespace)
    repo_name_validate(owner.name, name)
    content = INITIAL_TEXT.encode()
    attributes = blob_put(chunks=[content], user=user, size=len(content))
    draft = first_draft([AddFile(ATTRIBUTES_FILE, attributes, is_lfs=False)])
    full_name = f"{owner.name}/{name}"
    try:
        with transaction.atomic():
            repo = Repo.objects.create(
                type=type, namespace=owner, name=name, visibility=visibility, created_by=user, full_name=full_name
            )  # fmt: skip
            # a new repo of an old name wins over the sign that pointed elsewhere
            RepoRedirect.objects.filter(type=type, full_name_lower=full_name.lower()).delete()
            commit_write(repo=repo, ref=None, user=user, draft=draft, title="Initial commit", message="")
            audit("repo.create", actor=user, subject=full_name, namespace=owner.name, type=type, visibility=visibility)
    except IntegrityError:
        raise Conflict(f"{full_name} is there already.") from None
    return repo


def repo_move(*, user: User, repo: Repo, namespace: str, name: str) -> Repo:
    """The old name leads to the repo until another one takes it."""
    _administer_check(user, repo)
    repo_name_validate(namespace, name)
    return moving.repo_move(user=user, repo=repo, namespace=namespace, name=name)


@transaction.atomic
def repo_update(*, user: User, repo: Repo, visibility: str) -> Repo:
    _visibility_validate(visibility)
    _administer_check(user, repo)
    if visibility == "public" and repo.visibility != "public":
        _secrets_check(user, repo)
    if repo.visibility != visibility:
        audit(
            "repo.visibility", actor=user, subject=repo.full_name, namespace=repo.namespace.name, before=repo.visibility, after=visibility
        )  # fmt: skip
    repo.visibility = visibility
    repo.save(update_fields=["visibility"])
    return repo


@transaction.atomic
def repo_delete(*, user: User, repo: Repo) -> None:
    """The rows go; blobs stay for whoever shares them, until nobody does and the garbage collection comes by."""
    _administer_check(user, repo)
    if not Repo.objects.select_for_update().filter(pk=repo.pk).exists():
        raise RepoMissing()  # somebody else was quicker
    if repo.visibility == "private":
        # the name of what was private does not outlive it in the lineage of others
        LineageEdge.objects.filter(parent_repo=repo).update(parent_name="")
    audit(
        "repo.delete", actor=user, subject=repo.full_name, namespace=repo.namespace.name, type=repo.type, head=repo.head
    )
    repo.refs.all().delete()
    repo.delete()


def repo_name_validate(namespace: str, name: str) -> None:
    """The form that every reference to the repo will have to have. Names reserved for routes are no matter behind a slash."""
    if repo_reference_parse(f"{namespace}/{name}") is None:
        raise Invalid(
            f"{name[:96]!r} is not a name for a repo. Use 1 to 96 letters, digits, dots, dashes or underscores; begin and end with a "
            "letter or digit; no two dots or dashes in a row, and no .git at the end."
        )


def _visibility_validate(visibility: str) -> None:
    if visibility not in VISIBILITIES:
        raise Invalid(f"{visibility!r} is not a visibility. Choose one of {', '.join(VISIBILITIES)}.")


def _secrets_check(user: User, repo: Repo) -> None:
    """SECURITY: weights tell what they were made of, so a result of somebody's private input cannot be made public by another."""
    closed = unpublishable_ancestors(user, [repo])
    if closed:
        names = names_for(user, closed)
        finding = Finding(
            code="private_input_public_output", severity="error", where="visibility",
            message=f"{repo.full_name} was made from {names}, which is private and not yours to publish.",
            consequence="Whoever reads the result learns from its weights what is in the private input.",
        )  # fmt: skip
        raise Refused(finding.message, findings=[finding])


def _administer_check(user: User, repo: Repo) -> None:
    if not Repo.objects.visible_to(user, "admin").filter(pk=repo.pk).exists():
        raise Forbidden(f"You may not change or delete {repo.full_name}.")

"""Starting imports. What comes of one is written by `publishing`, in the transaction that ends its job."""

from django.conf import settings
from django.db import transaction

from hub.accounts.audit import audit
from hub.accounts.models import User
from hub.accounts.selectors import namespace_writable
from hub.catalog.models import Repo
from hub.catalog.services import repo_name_validate
from hub.core.errors import Conflict, Forbidden, Invalid, Unavailable
from hub.imports.endpoints import endpoint_choose, source_words
from hub.imports.models import Import
from hub.imports.sealing import token_seal
from hub.jobs.models import Job
from hub.jobs.services import job_submit
from hub.jobs.states import FINAL
from workers.contracts.jobs import JobRequest
from workers.contracts.kinds import kind_get
from workers.contracts.plans import Check
from workers.contracts.recipes import ImportRecipe, Output
from workers.contracts.references import RepoReference, repo_reference_parse
from workers.contracts.writing import recipe_to_document

MODES = tuple(name for name, _ in Import.MODES)
TYPES = tuple(name for name, _ in Repo.TYPES)
TOKEN_LIMIT = 500


def import_start(
    *,
    user: User,
    source: str,
    mode: str = "mirror",
    target: str | None = None,
    endpoint: str | None = None,
    token: str | None = None,
    refresh: bool = False,
    type: str = "model",
    all_refs: bool = False,
) -> Import:
    """An import and its job. The same again while it is under way is the same import; after its end it looks once more.

    `source` is `hf:org/name[@revision]`; without `target` the repo gets its name in the asker's own namespace. `token` is for
    the other hub: it is kept encrypted until the import is done, or as long as it is refreshed.
    """
    reference, endpoint, target = _asked(user, source, mode, type, target, endpoint, token)
    wanted = ImportRecipe(
        source=str(reference), type=type, mode=mode, endpoint=endpoint, all_refs=all_refs, output=Output(repo=target)  # type: ignore[arg-type]
    )  # fmt: skip
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)  # two clicks at once make one import
        origin = _origin(user, wanted, reference, target)
        if origin.job is not None and origin.job.state not in FINAL:
            return _under_way(origin, origin.job, wanted)
        origin.owner, origin.revision, origin.mode, origin.all_refs = user, reference.revision, mode, all_refs
        origin.refresh = refresh
        if token:
            origin.sealed_token = token_seal(token)
        origin.job = None
        origin.save()
        words = source_words(endpoint, reference.repo, reference.revision)
        audit(
            "repo.import", actor=user, subject=target, namespace=target.partition("/")[0], source=words, endpoint=endpoint, mode=mode
        )  # fmt: skip
        return _submit(origin, wanted, f"Import of {words} → {target}")


def import_again(*, origin: Import, parent: Job | None = None) -> Import:
    """Looks at the source once more, as its owner asked it last."""
    reference = RepoReference(origin.remote, origin.revision, "hf")
    if origin.repo is not None:
        origin.target = origin.repo.full_name
    wanted = ImportRecipe(
        source=str(reference), type=origin.type, mode=origin.mode, endpoint=origin.endpoint, all_refs=origin.all_refs,  # type: ignore[arg-type]
        output=Output(repo=origin.target),
    )  # fmt: skip
    with transaction.atomic():
        words = source_words(origin.endpoint, origin.remote, origin.revision)
        return _submit(origin, wanted, f"Look at {words} again → {origin.target}", parent=parent)


def _asked(
    user: User, source: str, mode: str, type: str, target: str | None, endpoint: str | None, token: str | None
) -> tuple[RepoReference, str, str]:
    """What was asked for, judged as a whole before anything is written."""
    if settings.OFFLINE:
        raise Unavailable("This hub is offline: OFFLINE is set. Nothing can be imported.")
    if mode not in MODES:
        raise Invalid(f"{mode[:40]!r} is not a way to import. Choose one of {', '.join(MODES)}.")
    if type not in TYPES:
        raise Invalid(f"{type[:40]!r} is not a type of repo. Choose one of {', '.join(TYPES)}.")
    reference = repo_reference_parse(source)
    if reference is None or reference.scheme != "hf":
        raise Invalid(
            f"{source[:120]!r} names no repo of another hub. Write it like hf:org/name or hf:org/name@revision."
        )
    if token and (len(token) > TOKEN_LIMIT or not token.isascii() or not token.isprintable() or " " in token):
        raise Invalid("The token has characters that no token has. Paste it again, without spaces.")
    endpoint = endpoint_choose(endpoint)
    target = target or f"{user.username}/{reference.repo.partition('/')[2]}"
    namespace_name, slash, name = target.partition("/")
    if not slash:
        raise Invalid(f"{target[:120]!r} is not a name for a repo. Write it like namespace/name.")
    repo_name_validate(namespace_name, name)
    namespace = namespace_writable(user, namespace_name)
    return reference, endpoint, f"{namespace.name}/{name}"


def _origin(user: User, wanted: ImportRecipe, reference: RepoReference, target: str) -> Import:
    """The import into `target` that is there, or a new one. A repo that did not come from this source is not written over."""
    rows = Import.objects.select_for_update(of=("self",)).select_related("job", "repo")
    repo = Repo.objects.filter(type=wanted.type, full_name__iexact=target).first()
    if repo is not None and not Repo.objects.visible_to(user, "write").filter(pk=repo.pk).exists():
        raise Forbidden(f"{target} is there already and you may not write to it. Choose another name.")
    known = rows.filter(repo=repo).first() if repo is not None else None
    known = known or rows.filter(type=wanted.type, target__iexact=target).first()
    is_same = known is not None and (known.endpoint, known.remote.lower()) == (wanted.endpoint, reference.repo.lower())
    if known is not None and is_same:
        return known
    if repo is not None or (known is not None and known.job is not None and known.job.state not in FINAL):
        raise Conflict(
            f"{target} is there already and does not come from {reference.repo}. Choose another name with target."
        )
    if known is not None:
        known.delete()
    return Import(owner=user, endpoint=wanted.endpoint or "", remote=reference.repo, type=wanted.type, target=target)


def _under_way(origin: Import, job: Job, wanted: ImportRecipe) -> Import:
    if job.request.get("recipe") != wanted.model_dump(mode="json"):
        raise Conflict(
            f"Job {job.number} is importing into {origin.target} already, with other choices. Wait for it, or cancel it first."
        )
    return origin


def _submit(origin: Import, wanted: ImportRecipe, title: str, parent: Job | None = None) -> Import:
    kind = kind_get("import")
    request = JobRequest(kind="import", recipe=wanted.model_dump(mode="json"), revision=kind.revision if kind else 1)
    job, _ = job_submit(
        owner=origin.owner, request=request, title=title, check=Check(), force=True, parent=parent, document=recipe_to_document(wanted)
    )  # fmt: skip
    origin.job = job
    origin.save()
    return origin

"""What the pages of one entry share: the repo at a revision, its tabs, its specimen label."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from hub.accounts.selectors import OWNER_ROLES, WRITER_ROLES, role_of
from hub.catalog.errors import RevisionMissing
from hub.catalog.models import Commit, Repo
from hub.catalog.selectors import commit_resolve, facts_of, repo_get
from hub.core.errors import Unauthenticated
from hub.imports.endpoints import source_words
from hub.imports.selectors import imported_commit
from hub.jobs.models import JobOutput
from hub.pages.licences import verdict_read
from hub.pages.numbers import size, thousands
from hub.pages.templatetags.parts import dtype_word, repo_url
from workers.contracts.facts import RepoFacts
from workers.contracts.methods import method_get
from workers.contracts.references import repo_reference_parse


@dataclass(frozen=True)
class Opened:
    """A repo the asker may read, at one commit."""

    repo: Repo
    commit: Commit
    revision: str
    facts: RepoFacts

    @property
    def manifest(self) -> dict[str, Any]:
        return self.commit.manifest or {}


@dataclass(frozen=True)
class Tab:
    word: str
    url: str
    is_here: bool
    count: int | None = None


def repo_for(request: HttpRequest, namespace: str, name: str, repo_type: str, action: str = "read") -> Repo:
    """SECURITY: reading comes first, so that nobody learns of a private repo by being asked to sign in for it."""
    full_name = f"{namespace}/{name}"
    if action != "read" and not request.user.is_authenticated:
        repo_get(user=request.user, full_name=full_name, type=repo_type)
        raise Unauthenticated("Sign in first.")
    return repo_get(user=request.user, full_name=full_name, type=repo_type, action=action)


def deeds_of(user: Any, repo: Repo) -> tuple[bool, bool]:
    """May write, may administer: for showing what one can do. Whoever does it is asked again."""
    if not user.is_authenticated:
        return False, False
    if user.is_superuser or repo.namespace.owner_id == user.pk:
        return True, True
    if repo.namespace.kind != "organisation":
        return False, False
    role = role_of(user, repo.namespace)
    return role in WRITER_ROLES, role in OWNER_ROLES


def entry_open(request: HttpRequest, namespace: str, name: str, *, type: str = "model", revision: str = "") -> Opened:
    repo = repo_get(user=request.user, full_name=f"{namespace}/{name}", type=type)
    wanted = revision or request.GET.get("revision", "") or repo.default_branch
    commit = (head_commit(repo) if wanted == repo.default_branch else None) or commit_resolve(repo, wanted)
    return Opened(repo, commit, wanted, facts_of(commit))


def head_commit(repo: Repo) -> Commit | None:
    """The head of the default branch with its facts, in one question."""
    commit = Commit.objects.filter(refs__repo=repo, refs__kind="branch", refs__name=repo.default_branch).first()
    if commit is not None:
        commit.repo = repo
    return commit


def revision_split(repo: Repo, rest: str) -> tuple[Commit, str, str]:
    """`main/sub/file` → commit, revision, path. A branch may hold slashes, so longer and longer heads are tried."""
    parts = rest.strip("/").split("/")
    for count in range(1, min(len(parts), 5) + 1):
        revision = "/".join(parts[:count])
        try:
            return commit_resolve(repo, revision), revision, "/".join(parts[count:])
        except RevisionMissing:
            if count == min(len(parts), 5):
                raise
    raise RevisionMissing(f"There is no such revision in {repo.full_name}.")


def address(repo: Repo, name: str, *args: str) -> str:
    """Address of a page of `repo`; `name` is the route without its prefix."""
    prefix = "dataset" if repo.type == "dataset" else "repo"
    namespace, _, short = repo.full_name.partition("/")
    return reverse(f"{prefix}-{name}", args=[namespace, short, *args])


class Addresses:
    """`urls.branches`, `urls.access_ask`: addresses of the pages of one repo, for templates that serve models and datasets alike."""

    def __init__(self, repo: Repo) -> None:
        self.repo = repo

    def __contains__(self, name: str) -> bool:
        try:
            return bool(self[name])
        except KeyError:
            return False

    def __getitem__(self, name: str) -> str:
        try:
            return address(self.repo, name.replace("_", "-"))
        except NoReverseMatch:
            raise KeyError(name) from None


def tabs_of(
    opened: Opened, here: str, *, has_evaluations: bool = True, is_result: bool = False, may_administer: bool = False
) -> list[Tab]:
    repo, facts = opened.repo, opened.facts
    tabs = [("card", "Card", repo_url(repo.full_name, repo.type), None)]
    if is_result:
        tabs.append(("result", "Result", address(repo, "result"), None))
    tabs.append(("files", "Files", address(repo, "tree", opened.revision), len(facts.files) or None))
    if repo.type == "model":
        tabs.append(("tensors", "Tensors", address(repo, "tensors"), len(facts.tensors) or None))
        tabs.append(("lineage", "Lineage", address(repo, "lineage"), None))
        if has_evaluations:
            tabs.append(("evaluations", "Evaluations", address(repo, "evaluations"), None))
    tabs.append(("history", "History", address(repo, "commits"), None))
    tabs.append(("branches", "Branches", address(repo, "branches"), None))
    if may_administer and "settings" in Addresses(repo):
        tabs.append(("settings", "Settings", address(repo, "settings"), None))
    return [Tab(word, url, name == here, count) for name, word, url, count in tabs]


def _origin(opened: Opened) -> list[tuple[str, Any]]:
    """Where an imported entry came from, with the commit there that this one holds."""
    held = imported_commit(opened.commit)
    if held is None:
        return []
    origin = held.origin
    words = source_words(origin.endpoint, origin.remote, origin.revision)
    kind = "/datasets" if origin.type == "dataset" else ""
    link = format_html('<a href="{}{}/{}" rel="nofollow noopener">{}</a>', origin.endpoint, kind, origin.remote, words)
    rows: list[tuple[str, Any]] = [("Imported from", link), ("Commit there", held.source_commit[:12])]
    left = len(held.remote_files)
    return [*rows, ("Not here", f"{left} {'file' if left == 1 else 'files'}, left at the source")] if left else rows


def label_of(opened: Opened, *, job_number: int | None = None) -> dict[str, Any]:
    """Key and value, only what is known: an empty row says nothing."""
    repo, facts, manifest = opened.repo, opened.facts, opened.manifest
    rows: list[tuple[str, Any]] = []
    if job_number:
        rows.append(
            (
                "Made by",
                format_html(
                    '<a href="{}">job {}</a>{}', reverse("job", args=[job_number]), job_number, _method(manifest)
                ),
            )
        )
    elif manifest.get("kind"):
        rows.append(("Made by", f"{manifest['kind']}{_method(manifest)}"))
    rows += _origin(opened)
    rows += [("Architecture", facts.architecture), ("Base", _names(_bases(opened)))]
    if facts.parameters:
        rows.append(("Parameters", thousands(facts.parameters)))
    rows.append(
        ("Size", f"{size(facts.size_bytes)}, {dtype_word(facts.dtype)}" if facts.dtype else size(facts.size_bytes))
    )
    rows.append(("Task", _task(facts)))
    if facts.splits:
        told = ((name, thousands(count) if count >= 0 else "not counted") for name, count in facts.splits.items())
        rows.append(("Rows", ", ".join(f"{name} {count}" for name, count in told)))
    if facts.columns:
        rows.append(("Columns", _some(facts.columns)))
    if repo.type == "dataset" and facts.labels:
        rows.append(("Classes", _some(facts.labels)))
    rows += [
        ("Licence", _licence(facts, manifest)),
        ("Library", facts.library),
        ("Languages", ", ".join(facts.languages)),
        ("Published", f"{opened.commit.date:%-d %b %Y}"),
    ]
    return {
        "title": repo.name,
        "mark": "dataset" if repo.type == "dataset" else repo.artifact,
        "rows": [(key, value) for key, value in rows if value],
    }


def _some(names: Iterable[str]) -> str:
    """The first twelve of many names."""
    listed = list(names)
    return ", ".join(listed[:12]) + (f" and {len(listed) - 12} more" if len(listed) > 12 else "")


_VERDICTS = {"review": ", to be reviewed", "unknown": ", not settled", "deny": ", in conflict"}


def _licence(facts: RepoFacts, manifest: dict[str, Any]) -> str:
    """Of the card, with what the check at its making left open: the two stand on one page and say the same."""
    verdict = verdict_read(manifest.get("licence"))
    left_open = _VERDICTS.get(verdict.verdict, "") if verdict is not None and not verdict.override else ""
    return f"{facts.licence}{left_open}" if facts.licence else "unresolved"


def _method(manifest: dict[str, Any]) -> str:
    """In words people know: `, TIES`."""
    name = manifest.get("method")
    method = method_get(manifest.get("kind") or "", name) if name else None
    return f", {method.label if method is not None else name}" if name else ""


def _task(facts: RepoFacts) -> str:
    words = facts.task.replace("-", " ").capitalize()
    return f"{words}, {len(facts.labels)} labels" if words and facts.labels else words


def base_names(opened: Opened) -> tuple[str, ...]:
    """The bases that are entries of a hub, without their revision."""
    found = [repo_reference_parse(base) for base in _bases(opened)]
    return tuple(reference.repo for reference in found if reference is not None and not reference.scheme)


def _bases(opened: Opened) -> tuple[str, ...]:
    """What a card calls base models of a merge are its sources too; its recipe names the one base."""
    recipe = opened.manifest.get("recipe") or {}
    base = recipe.get("base")
    return (base,) if opened.manifest.get("kind") == "merge" and base and isinstance(base, str) else opened.facts.base


def _names(bases: tuple[str, ...]) -> SafeString | str:
    from django.utils.html import format_html_join

    return format_html_join(
        ", ",
        '<a href="{}">{}</a>',
        (
            (repo_url(reference.repo), reference.repo)
            for base in bases[:3]
            if (reference := repo_reference_parse(base)) is not None and not reference.scheme
        ),
    )


def made_by(opened: Opened) -> Any:
    """The output of the job that made these weights, if one did: a later commit may have changed the card only.

    Its page is only for those who may see the job.
    """
    outputs = JobOutput.objects.filter(repo=opened.repo, role="result").select_related("job")
    digest = opened.manifest.get("tensor_digest")
    mine = outputs.filter(job__tensor_digest=digest) if digest else outputs.filter(commit=opened.commit)
    return mine.order_by("job__number").first()

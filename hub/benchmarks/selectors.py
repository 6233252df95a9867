"""Reads of benchmarks. Each starts from what the reader may read of the data: without that, a benchmark is not there."""

from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import Case, F, OuterRef, Q, QuerySet, Subquery, When

from hub.accounts.models import User
from hub.accounts.selectors import namespaces_writable
from hub.benchmarks.models import Benchmark, BenchmarkVersion
from hub.benchmarks.names import reference_parse
from hub.catalog.models import Repo
from hub.core.errors import NotFound, Refused
from workers.contracts.benchmarks import Definition
from workers.contracts.recipes import Measure
from workers.contracts.tasks import task_get

Reader = User | AnonymousUser | None


def versions_visible(user: Reader) -> QuerySet[BenchmarkVersion]:
    """Built-in data is everybody's; data whose repo is gone is nobody's any more."""
    built_in = Q(data_repo__isnull=True, data_commit="")
    readable = Repo.objects.visible_to(user, "read").filter(type="dataset").values("pk")
    return BenchmarkVersion.objects.filter(built_in | Q(data_repo_id__in=readable)).select_related(
        "benchmark", "benchmark__namespace", "data_repo"
    )


def by_name(versions: QuerySet[BenchmarkVersion]) -> QuerySet[BenchmarkVersion]:
    """Of several benchmarks with one definition, first the one that it is called by.

    SECURITY: anybody may make a benchmark of what they can read; that must not rename what others measured. So: what is in
    use before what is retired, built-in ones first, then those of the data's owner, then the oldest.
    """
    owners = Case(
        When(benchmark__namespace=None, then=0), When(benchmark__namespace=F("data_repo__namespace"), then=1), default=2
    )
    return versions.annotate(is_retired=~Q(retired=""), owners=owners).order_by(
        "is_retired", "owners", "created_at", "pk"
    )


def benchmarks_visible(user: Reader, *, task: str = "", q: str = "", namespace: str = "") -> QuerySet[BenchmarkVersion]:
    """The newest version of each benchmark, where `user` may read its data. A row carries its benchmark."""
    newest = BenchmarkVersion.objects.filter(benchmark=OuterRef("benchmark")).order_by("-number").values("pk")[:1]
    rows = versions_visible(user).filter(pk=Subquery(newest))
    if task:
        rows = rows.filter(task=task)
    if namespace:
        rows = rows.filter(benchmark__namespace__name__iexact=namespace)
    if q:
        rows = rows.filter(
            Q(benchmark__name__icontains=q) | Q(benchmark__title__icontains=q) | Q(data_name__icontains=q)
        )
    return rows.order_by("benchmark__name")


def benchmark_get(*, user: Reader, name: str, number: int | None = None) -> BenchmarkVersion:
    """Version `number` of the benchmark, by default its newest."""
    rows = versions_visible(user).filter(benchmark__name=name.lower())
    newest: BenchmarkVersion | None = (
        rows.order_by("-number").first() if number is None else rows.filter(number=number).first()
    )
    if newest is None:
        raise NotFound()
    if number is None and newest.benchmark.versions.filter(number__gt=newest.number).exists():
        # SECURITY: its newest data is closed to this reader, and who may see it is who may read that.
        raise NotFound()
    return newest


def versions_of(*, user: Reader, benchmark: Benchmark) -> list[BenchmarkVersion]:
    """Newest first, those that `user` may see."""
    return list(versions_visible(user).filter(benchmark=benchmark).order_by("-number"))


def version_resolve(*, user: Reader, text: str) -> BenchmarkVersion:
    """What `digits-clean` or `digits-clean@2` stands for now. Refuses what is not to be measured with any more."""
    parsed = reference_parse(text)
    if parsed is None:
        raise NotFound(
            f"{text[:96]!r} is not the name of a benchmark. Write digits-clean, or digits-clean@2 for a version."
        )
    version = benchmark_get(user=user, name=parsed[0], number=parsed[1])
    name = f"{version.benchmark.name}@{version.number}"
    if version.retired:
        raise Refused(f"{name} is retired: {version.retired} Choose another version.")
    task = task_get(version.task)
    if task is None or version.definition.get("protocol") != task.protocol:
        raise Refused(
            f"{name} was made for an older way to measure {version.task}. Its owner can make a new version of it."
        )
    if version.data_repo_id and not Repo.objects.filter(pk=version.data_repo_id).open_to(user).exists():
        raise NotFound(
            f"{name}: its data {version.data_name} is closed to you. Ask for access on the page of the dataset."
        )
    return version


def definition_resolve(*, user: Reader, measure: Measure) -> Definition:
    """The definition that `measure.benchmark` names, with its data pinned."""
    if measure.benchmark is None:
        raise ValueError("the measure names no benchmark")
    return Definition.model_validate(version_resolve(user=user, text=measure.benchmark).definition)


def may_change(user: Reader, benchmark: Benchmark) -> bool:
    """Who may write to its namespace. Built-in ones change with the program alone."""
    if benchmark.namespace is None or not isinstance(user, User):
        return False
    return user.is_superuser or benchmark.namespace.name in namespaces_writable(user)


def commits_pinned() -> set[tuple[UUID, str]]:
    """Repo and hash of the data of every version that is still measured with: the garbage collection leaves those alone."""
    rows = BenchmarkVersion.objects.filter(retired="", data_repo__isnull=False)
    return set(rows.values_list("data_repo_id", "data_commit"))

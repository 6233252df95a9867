"""Writes of benchmarks. Versions are only added: what was measured by one keeps its meaning for ever."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from hub.accounts.audit import audit
from hub.accounts.models import User
from hub.accounts.selectors import namespace_writable
from hub.benchmarks.checking import definition_check
from hub.benchmarks.data import Data
from hub.benchmarks.models import ONE_CLASS, Benchmark, BenchmarkVersion
from hub.benchmarks.names import name_fits_data, owned_name_validate
from hub.benchmarks.selectors import benchmark_get
from hub.catalog.json_safe import json_safe
from hub.core.errors import Conflict, Forbidden, Invalid
from hub.jobs.bell import send_after_commit
from workers.contracts.benchmarks import Definition
from workers.contracts.findings import Finding

TITLE, SUMMARY, REASON = (1, 200), 2000, (5, 300)
VERSIONS = 200


def benchmark_create(
    *, user: User, name: str, title: str, definition: Any, namespace: str, summary: str = ""
) -> BenchmarkVersion:
    """The benchmark with its first version, which is given back. All that is wrong with the definition is said at once."""
    owned_name_validate(name, namespace)
    title, summary = _text("The title", title, *TITLE), _text("The summary", summary, 0, SUMMARY)
    owner = namespace_writable(user, namespace)
    checked, data, noticed = definition_check(user=user, document=definition)
    name_fits_data(name, owner.name, data)
    try:
        with transaction.atomic():
            row = Benchmark.objects.create(name=name, title=title, summary=summary, namespace=owner, created_by=user)
            version = version_add(row, 1, checked, data, noticed)
            _recorded(user, version, "create")
    except IntegrityError as error:
        raise Conflict(f"There is a benchmark {name} already. Choose another name.") from error
    return version


@transaction.atomic
def benchmark_revise(
    *, user: User, name: str, definition: Any, title: str | None = None, summary: str | None = None
) -> BenchmarkVersion:
    """The next version. A definition that is there already gives the version that has it."""
    row = _locked(user, name)
    checked, data, noticed = definition_check(user=user, document=definition)
    if title is not None or summary is not None:
        row.title = _text("The title", title, *TITLE) if title is not None else row.title
        row.summary = _text("The summary", summary, 0, SUMMARY) if summary is not None else row.summary
        row.save(update_fields=["title", "summary", "updated_at"])
    known: BenchmarkVersion | None = row.versions.filter(digest=checked.digest).first()
    if known is not None:
        if known.definition == checked.model_dump(mode="json"):
            return known
        # What is shown of the same answers may change: the numbers stay what they are.
        known.definition = checked.model_dump(mode="json")
        known.save(update_fields=["definition", "updated_at"])
        _recorded(user, known, "revise")
        return known
    count = row.versions.count()
    if count >= VERSIONS:
        raise Conflict(f"{name} has {count} versions, more are not kept. Make a new benchmark.")
    newest = row.versions.order_by("-number").first()
    version = version_add(row, (newest.number if newest is not None else 0) + 1, checked, data, noticed)
    _recorded(user, version, "revise")
    return version


@transaction.atomic
def version_retire(*, user: User, name: str, number: int, reason: str) -> BenchmarkVersion:
    """Its numbers stay, with the reason why they are not to be used. Nothing new is measured with it."""
    row = _locked(user, name)
    reason = _text("The reason", reason, *REASON)
    version = benchmark_get(user=user, name=row.name, number=number)
    version.retired = reason
    version.save(update_fields=["retired", "updated_at"])
    _recorded(user, version, "retire")
    return version


def version_add(
    row: Benchmark, number: int, definition: Definition, data: Data, noticed: Iterable[Finding] = ()
) -> BenchmarkVersion:
    """What was measured by this definition before it had a name gets its places now."""
    send_after_commit("hub.rank", definition.digest)
    rows = data.rows.get(definition.split, -1)
    return BenchmarkVersion.objects.create(
        benchmark=row,
        number=number,
        definition=definition.model_dump(mode="json"),
        digest=definition.digest,
        task=definition.task,
        data_repo=data.repo,
        data_name=data.repo.full_name if data.repo is not None else data.name,
        data_commit=data.commit.oid if data.commit is not None else "",
        examples=min(rows, definition.limit) if definition.limit is not None and rows >= 0 else rows,
        noticed=json_safe([entry.model_dump(mode="json") for entry in noticed]),
    )


def _locked(user: User, name: str) -> Benchmark:
    """The benchmark, when `user` may see and change it."""
    row = benchmark_get(user=user, name=name).benchmark
    if row.namespace is None:
        raise Forbidden(f"{row.name} is built in and changes with the program alone. Make a benchmark of your own.")
    namespace_writable(user, row.namespace.name)
    return Benchmark.objects.select_for_update().get(pk=row.pk)


def _text(what: str, text: str, least: int, most: int) -> str:
    text = text.strip()
    if not least <= len(text) <= most or any(ord(character) < 32 and character not in "\n\t" for character in text):
        raise Invalid(f"{what} has {len(text)} characters. Write {least} to {most}, plain text.")
    return text


def _recorded(user: User, version: BenchmarkVersion, deed: str) -> None:
    namespace = version.benchmark.namespace
    audit(
        f"benchmark.{deed}", actor=user, subject=f"{version.benchmark.name}@{version.number}",
        namespace=namespace.name if namespace is not None else "", digest=version.digest,
    )  # fmt: skip


def one_class_note(*, digest: str, warnings: Sequence[dict[str, Any]]) -> None:
    """A measurement went through all examples: what it says of their classes stands in for what the first part of them said."""
    found = [entry for entry in warnings if entry.get("code") == ONE_CLASS][:1]
    # in one order: two measurements that end at once must not wait for each other
    for version in BenchmarkVersion.objects.select_for_update().filter(digest=digest).order_by("pk"):
        others = [entry for entry in version.noticed if entry.get("code") != ONE_CLASS]
        if version.noticed != [*others, *found]:
            version.noticed = json_safe([*others, *found])
            version.save(update_fields=["noticed", "updated_at"])


def example_hash_note(*, digest: str, example_hash: str, examples: int) -> None:
    """What the first measurement found the examples to be. Later ones that find something else do not change it."""
    rows = BenchmarkVersion.objects.filter(digest=digest, example_hash="")
    rows.update(example_hash=example_hash, examples=examples, trouble={}, updated_at=timezone.now())

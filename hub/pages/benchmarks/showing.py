"""One benchmark as its page shows it: the specimen label, the recipe that measures with it, and how its versions differ."""

from dataclasses import dataclass
from typing import Any

from django.utils.html import format_html

from hub.benchmarks.definitions import metric_first
from hub.benchmarks.models import BenchmarkVersion
from hub.benchmarks.selectors import benchmarks_visible
from hub.catalog.models import Repo
from hub.pages.measures import metric_of, task_word
from hub.pages.numbers import thousands
from hub.pages.templatetags.parts import repo_url
from workers.contracts.benchmarks import Definition

MOST_LISTED = 20
_FIELD_WORDS = {
    "task": "task", "data": "data", "split": "split", "columns": "columns", "labels": "labels", "metrics": "metrics",
    "slices": "slices", "cluster": "clusters", "options": "options", "limit": "how many examples", "protocol": "protocol",
}  # fmt: skip


@dataclass(frozen=True)
class VersionRow:
    """`changed` says what differs from the version before, in words."""

    version: BenchmarkVersion
    changed: str
    is_here: bool


def definition_read(version: BenchmarkVersion) -> Definition:
    return Definition.model_validate(version.definition)


def counted_examples(count: int) -> str:
    return thousands(count) if count >= 0 else "known after the first measurement"


def label_of(version: BenchmarkVersion) -> dict[str, Any]:
    """The facts that decide what a number of this version means."""
    definition = definition_read(version)
    main = metric_of(metric_first(definition))
    rows = [
        ("Task", task_word(definition.task)),
        ("Data", _data(version)),
        ("At commit", version.data_commit[:7]),
        ("Split", definition.split),
        ("Examples", counted_examples(version.examples)),
        ("Only the first", thousands(definition.limit) if definition.limit else ""),
        ("Classes", len(definition.labels) or ""),
        ("Ranked by", f"{main.label}, {'higher' if main.higher_is_better else 'lower'} is better"),
        ("Also", ", ".join(metric_of(name).label for name in definition.metrics[1:])),
        ("Cut by", ", ".join(definition.slices)),
        ("Clusters", definition.cluster),
        ("Protocol", definition.protocol),
        ("Definition", format_html('<span class="mono">{}</span>', version.digest[:12])),
        ("Examples’ hash", format_html('<span class="mono">{}</span>', version.example_hash[:12]) if version.example_hash else ""),
    ]  # fmt: skip
    return {
        "title": version.benchmark.name,
        "accession": f"v{version.number}",
        "rows": [(key, value) for key, value in rows if value],
    }


def _data(version: BenchmarkVersion) -> Any:
    if version.data_repo is None:
        return version.data_name
    name = version.data_repo.full_name
    return format_html('<a href="{}?revision={}">{}</a>', repo_url(name, "dataset"), version.data_commit, name)


def noticed_of(version: BenchmarkVersion) -> list[dict[str, Any]]:
    """The warnings of its making, but one class only: the page says that at its top. What was to be checked by the first measurement

    has been, once there is one.
    """
    left_out = {"one_class"} | ({"checked_when_measured"} if version.example_hash else set())
    return [row for row in version.noticed if row.get("code") not in left_out]


def measure_command(version: BenchmarkVersion, is_newest: bool) -> str:
    name = version.benchmark.name if is_newest else f"{version.benchmark.name}@{version.number}"
    recipe = f"kind: evaluate\nmodels: [namespace/name]\ndata:\n  - {{benchmark: {name}}}\n"
    return f"cat > recipe.yaml <<'RECIPE'\n{recipe}RECIPE\ngenepool submit recipe.yaml --watch"


def version_rows(versions: list[BenchmarkVersion], here: BenchmarkVersion) -> list[VersionRow]:
    """Newest first, each with what it changed."""
    rows = []
    for place, version in enumerate(versions):
        before = versions[place + 1] if place + 1 < len(versions) else None
        rows.append(VersionRow(version, _changed(version, before), version.pk == here.pk))
    return rows


def _changed(version: BenchmarkVersion, before: BenchmarkVersion | None) -> str:
    if before is None:
        return "the first one you may see" if version.number > 1 else "the first"
    old, new = before.definition, version.definition
    words = [_FIELD_WORDS.get(key, key) for key in dict.fromkeys([*new, *old]) if new.get(key) != old.get(key)]
    return f"changes {', '.join(words)}" if words else "the same"


def benchmarks_on(repo: Repo, *, user: Any) -> list[BenchmarkVersion]:
    """The newest version of each benchmark that measures on this dataset."""
    return list(benchmarks_visible(user).filter(data_repo=repo)[:MOST_LISTED])

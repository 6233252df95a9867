"""The demo's benchmarks: one for each domain, made once, and what the demo measures lands on them."""

import pytest

from hub.benchmarks.models import BenchmarkVersion
from hub.benchmarks.services import benchmark_create
from hub.demo import catalogue
from hub.demo.boards import benchmarks_ensure
from hub.recipes.benchmarking import measures_of
from hub.recipes.services import recipe_check
from workers.contracts.recipes import Measure
from workers.planning.measuring import definition_for, task_of


@pytest.fixture
def published(admin, zoo, zoo_cache):
    catalogue.zoo_publish(user=admin, cache=zoo_cache, zoo=zoo)


def names():
    return list(
        BenchmarkVersion.objects.filter(benchmark__name__startswith="digits-").order_by("benchmark__name", "number").values_list("benchmark__name", "number")
    )  # fmt: skip


def test_each_domain_has_one_however_often_the_demo_is_loaded(published, admin, zoo):
    for _ in range(2):
        benchmarks_ensure(user=admin, zoo=zoo)
    assert names() == [("digits-clean", 1), ("digits-noisy", 1)]


def test_what_the_demo_measures_by_data_is_measured_by_them(published, admin, zoo):
    version = benchmarks_ensure(user=admin, zoo=zoo)[0]
    recipe = {"kind": "evaluate", "models": ["demo/digits-vit-base"], "data": [{"data": "demo/digits-clean"}]}
    report = recipe_check(user=admin, document=recipe)
    facts = {entry.role: entry.facts for entry in report.inputs}
    (measure,) = measures_of(report.parsed.recipe)[1]
    task = task_of(measure, facts["data"], [(facts["model"], None)])
    assert definition_for(measure, task, facts["data"], limit=None).digest == version.digest
    assert Measure(data=measure.data) == measure


def test_a_name_that_somebody_took_is_left_to_them(published, admin, zoo):
    benchmark_create(
        user=admin, name="digits-clean", title="Mine", namespace="root", definition={"task": "image-classification", "data": "builtin:digits"}
    )  # fmt: skip
    assert [version.benchmark.name for version in benchmarks_ensure(user=admin, zoo=zoo)] == ["digits-noisy"]

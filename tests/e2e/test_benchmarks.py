"""From a dataset to a benchmark to its leaderboard, in a browser."""

import re

from hub.benchmarks.models import BenchmarkVersion
from tests.factories.benchmarks import make_dataset, make_entry


def test_a_dataset_becomes_a_benchmark_and_its_entries_a_leaderboard(visit, signed_in, dora, family):
    make_dataset(dora, "dora/shapes")
    page = visit()
    signed_in(page)
    page.goto("/datasets/dora/shapes")
    page.get_by_role("link", name="Make a benchmark").click()
    page.get_by_label("Name", exact=True).fill("shapes")
    page.get_by_label("Title").fill("Shapes")
    page.get_by_label("Only the first").fill("many")
    page.get_by_role("button", name="Make it").click()
    page.get_by_role("alert").wait_for()
    assert page.get_by_label("Title").input_value() == "Shapes"
    page.get_by_label("Only the first").fill("")
    page.get_by_role("button", name="Make it").click()
    page.wait_for_url("**/benchmarks/shapes")
    assert page.locator(".gallery img").count() > 0

    page.get_by_role("link", name="Leaderboard", exact=True).click()
    page.get_by_text("Nothing measured yet").wait_for()
    version = BenchmarkVersion.objects.get(benchmark__name="shapes")
    for name, right in (("one", 90), ("two", 60)):
        cost = {"parameters": 1000 * right}
        make_entry(dora, version, family[name], [1] * right + [0] * (100 - right), cost=cost)
    page.reload()
    assert page.locator(".board tbody tr").count() == 2
    page.get_by_role("link", name="Params").click()
    page.wait_for_url(re.compile("sort=parameters"))
    assert "two" in page.locator(".board tbody tr").first.inner_text()
    with page.expect_download() as download:
        page.locator(".board-sheet ~ .chart-foot").first.get_by_role("link", name="CSV").click()
    assert download.value.suggested_filename == "shapes-1.csv"
    assert page.troubles == []
    assert page.evaluate("window.policyViolations") == []

"""axe on every page in both themes, no content-policy violation, no page that scrolls sideways."""

import pytest

from hub.accounts.invitations import invitation_create
from hub.accounts.service_accounts import service_account_create
from hub.catalog.gates import gate_set
from hub.catalog.services import branch_create
from hub.evals.models import Evaluation, Standing
from tests.factories.accounts import make_organisation, make_user
from tests.factories.benchmarks import make_benchmark, make_dataset, make_entry
from tests.factories.catalog import make_commit, make_model

PAGES = {
    "home": "/", "models": "/models", "nothing found": "/models?q=nothing&licence=MIT", "model": "/dora/one", "measured": "/dora/merged", "files": "/dora/one/tree/main",
    "file": "/dora/one/blob/main/README.md", "tensors": "/dora/one/tensors", "lineage": "/dora/merged/lineage", "evaluations": "/dora/merged/evaluations",
    "result": "/dora/merged/result", "history": "/dora/one/commits", "owner": "/dora", "datasets": "/datasets", "make": "/make",
    "merge": "/make/merge?source=dora/one&source=dora/wide&base=dora/base", "evaluate": "/make/evaluate?model=dora/one", "train": "/make/train", "jobs": "/jobs", "settings": "/settings",
    "edit": "/dora/one/edit/main/README.md", "new file": "/dora/one/edit/main", "rename": "/dora/one/rename/main/README.md", "delete a file": "/dora/one/delete/main/README.md",
    "commit": "/dora/one/commit/main", "compare": "/dora/one/compare?base=try", "branches": "/dora/one/branches", "repo settings": "/dora/one/settings", "new entry": "/new", "import": "/import",
    "new organisation": "/organizations/new", "services": "/organizations/lab/service-accounts", "room": "/organizations/lab/usage", "log of an organisation": "/organizations/lab/audit",
    "settings of an organisation": "/organizations/lab/settings", "devices": "/settings/devices", "storage": "/settings/storage", "data": "/settings/data", "audit": "/audit",
    "invitations": "/invitations", "join": "/join", "squash": "/dora/one/squash", "likers": "/dora/one/likers", "access": "/dora/one/access", "gate": "/frida/gated",
    "members": "/organizations/lab/members", "organisation": "/lab",
    "side by side": "/compare?models=dora/one,dora/wide,dora/two", "measured side by side": "/compare?models=dora/digits-rotated,dora/merged", "nothing to compare": "/compare", "try it": "/dora/viewer/try", "not to be tried": "/dora/merged/try", "to be tried": "/dora/viewer",
    "leaderboards": "/leaderboards", "leaderboard": "/leaderboards/shapes?from=dora/one", "benchmarks": "/benchmarks", "benchmark": "/benchmarks/shapes", "built-in benchmark": "/benchmarks/iris",
    "new benchmark": "/benchmarks/new", "new benchmark of data": "/benchmarks/new?data=dora/shapes", "new version": "/benchmarks/shapes/revise",
    "docs": "/docs", "methods": "/docs/methods", "methods compared": "/docs/merge-methods", "recipes": "/docs/recipes", "share": "/docs/share", "ranking docs": "/docs/ranking", "styleguide": "/styleguide", "not found": "/dora/absent",
}  # fmt: skip
SERIOUS = ("serious", "critical")
RUN = "async () => (await axe.run(document, {resultTypes: ['violations']})).violations.map((v) => [v.impact, v.id, v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160))])"


@pytest.fixture
def everything(everything, dora, family):
    """And an organisation, a branch beside the default one, a commit that changes a text and weights."""
    lab = make_organisation("lab", owner=dora, contributor=make_user("emil"))
    service_account_create(asker=dora, namespace=lab, name="ci-bot")
    invitation_create(asker=dora, namespace=lab, role="viewer")
    frida = make_user("frida")
    gate_set(user=frida, repo=make_model(frida, "gated"), gated="manual", terms="# Terms\n\nBe **kind**.")
    branch_create(repo=family["one"], name="try")
    make_board(dora, family)
    make_model(dora, "viewer")
    make_commit(family["one"], dora, {"README.md": "# One\n\nOther words.\n", "notes.txt": "new"})
    return everything


def measurements() -> dict[str, str]:
    """A measurement of the merge, and the same beside a parent's."""
    mine, theirs = (
        Evaluation.objects.filter(repo__name=name, data_name="demo/digits-a").get()
        for name in ("merged", "digits-noisy")
    )
    at = f"/dora/merged/evaluations/{mine.pk}"
    return {"measurement": at, "answers": f"{at}/against/{theirs.pk}"}


def make_board(dora, family) -> None:
    """A benchmark over Dora's own data, with three entries on its leaderboard."""
    make_dataset(dora, "dora/shapes")
    version = make_benchmark(dora, "shapes", data="dora/shapes")
    for place, name in enumerate(("one", "two", "base")):
        right = 90 - 10 * place
        entry = make_entry(
            dora, version, family[name], [1] * right + [0] * (100 - right), cost={"parameters": 1000 * (4 - place)}
        )
        low, high = max(1, place), place + 1
        Standing.objects.create(evaluation=entry, definition_digest=version.digest, rank_low=low, rank_high=high)


def serious(page, axe: str) -> list:
    page.evaluate(axe)
    return [found for found in page.evaluate(RUN) if found[0] in SERIOUS]


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 1280), ("light", 390)])
def test_no_page_has_a_serious_violation(visit, signed_in, everything, axe, theme, width):
    page = visit(theme, width)
    signed_in(page)
    found = {}
    for name, path in {**PAGES, **measurements(), "job": f"/jobs/{everything.number}"}.items():
        page.goto(path)
        violations = page.evaluate("window.policyViolations")
        sideways = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        problems = [*serious(page, axe), *violations, *([f"scrolls sideways by {sideways} px"] if sideways > 0 else [])]
        if problems:
            found[name] = problems
    assert found == {}
    assert page.troubles == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/login", "/signup", "/join"])
def test_the_doors_have_no_serious_violation(visit, axe, dora, theme, path):
    page = visit(theme, 360)
    page.goto(path)
    assert serious(page, axe) == []


def test_every_page_has_one_title_one_heading_and_its_landmarks(visit, signed_in, everything):
    page = visit()
    signed_in(page)
    for path in PAGES.values():
        page.goto(path)
        assert page.locator("h1").count() == 1, path
        assert page.locator("main").count() == 1, path
        assert page.title().endswith("Genepool") or "Genepool" in page.title(), path

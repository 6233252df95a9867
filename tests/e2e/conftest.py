"""A real browser against a real server of this process. Skipped, with the reason, where there is no browser."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from django.core.cache import cache

from hub.jobs import bell
from tests.builders import finetuned, mlp_state, model_folder
from tests.factories.accounts import PASSWORD, make_user
from tests.factories.evals import make_evaluation, parent
from tests.factories.evals import make_model as make_measured
from tests.factories.jobs import make_job, make_repo

FRONTEND = Path(__file__).resolve().parents[2] / "frontend"
AXE = FRONTEND / "node_modules" / "axe-core" / "axe.min.js"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CONFIG = {"architectures": ["Mlp"], "model_type": "mlp"}
WATCH = """
window.policyViolations = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.policyViolations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
"""


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in Path(item.fspath).parents:
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.timeout(300))


@pytest.fixture(scope="session")
def chromium():
    executable = next((path for name in NAMES if (path := shutil.which(name))), None)
    if executable is None:
        pytest.skip(f"no browser: none of {', '.join(NAMES)} is installed")
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    # The browser's driver runs an event loop in this thread; the tests' own questions to the database are not asynchronous.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """axe-core's source, fetched by npm into a folder that git ignores."""
    if not AXE.exists():
        npm = shutil.which("npm")
        if npm is None:
            pytest.skip("axe-core is not there, and npm is not installed to fetch it")
        done = subprocess.run([npm, "install"], cwd=FRONTEND, capture_output=True, text=True, timeout=240)
        if done.returncode != 0 or not AXE.exists():
            pytest.skip(f"npm could not fetch axe-core: {done.stderr.strip()[-300:]}")
    return AXE.read_text()


@pytest.fixture(autouse=True)
def _quiet(monkeypatch, settings):
    cache.clear()
    monkeypatch.setattr(bell, "_send", lambda name, args, queue: None)
    # Hashing a password slowly is not what is tested here.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.DEBUG = True


@pytest.fixture
def visit(chromium, live_server):
    """`visit(theme, width)`: a page that remembers what the content policy blocked and what went wrong in scripts."""
    contexts = []

    def make(theme: str = "light", width: int = 1280, *, scripts: bool = True):
        context = chromium.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=theme,
            java_script_enabled=scripts,
            base_url=live_server.url,
        )
        contexts.append(context)
        if scripts:
            context.add_init_script(WATCH)
        page = context.new_page()
        page.troubles = []
        page.on("pageerror", lambda error: page.troubles.append(str(error)))
        page.on(
            "console",
            lambda message: page.troubles.append(message.text) if "Content Security Policy" in message.text else None,
        )
        return page

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def dora(transactional_db):
    return make_user("dora", password=PASSWORD)


@pytest.fixture
def family(dora, tmp_path):
    """Dora's base, two fine-tunes, one model of another shape."""
    base = mlp_state(seed=0)
    states = {
        "base": base,
        "one": finetuned(base, seed=1),
        "two": finetuned(base, seed=2),
        "wide": mlp_state(seed=3, sizes=(8, 32, 4)),
    }
    readme = "---\nlicense: apache-2.0\npipeline_tag: image-classification\n---\n# Tiny\n\nMade for a test.\n\n| a | b |\n|-|-|\n| 1 | 2 |\n"
    return {
        name: make_repo(
            dora, name, visibility="public", folder=model_folder(tmp_path / name, state, config=CONFIG, readme=readme)
        )
        for name, state in states.items()
    }


@pytest.fixture
def everything(dora, family):
    """Something to look at on every page: measured models, and jobs."""
    base = make_measured(dora, "origin")
    rotated = make_measured(dora, "digits-rotated", parents=[parent(*base, "finetune_of")])
    noisy = make_measured(dora, "digits-noisy", parents=[parent(*base, "finetune_of")])
    merged = make_measured(
        dora, "merged", parents=[parent(*base, "base"), parent(*rotated, weight=1.0), parent(*noisy, weight=0.7)]
    )
    scores = {"demo/digits-a": (50, 95, 40, 85), "demo/digits-b": (50, 40, 85, 90)}
    for data, row in scores.items():
        for (repo, commit), right in zip((base, rotated, noisy, merged), row, strict=True):
            make_evaluation(dora, repo, commit, [1] * right + [0] * (100 - right), data=data)
    return make_job(dora, title="Linear of 2 models")


@pytest.fixture
def signed_in(dora):
    def make(page) -> None:
        page.goto("/login")
        page.get_by_label("Name").fill("dora")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/")

    return make

"""The rules of rooms and imports, held twice: statically by import-linter, at run time by what is really loaded."""

import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from workers.contracts.kinds import KINDS
from workers.contracts.methods import METHODS
from workers.contracts.version import VERSION

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("torch", "triton", "transformers", "peft", "sklearn", "scipy")
ARRAYS = ("numpy", "pyarrow")  # 60 MB that a web process needs only when no worker has compared before


def _python(code: str) -> str:
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ.copy(),
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


def test_import_contracts_hold():
    run = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command; lint_imports_command()",
            "--no-cache",
        ],
        cwd=ROOT,
        env=os.environ.copy(),
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_booting_django_with_every_route_loads_no_torch():
    loaded = _python(
        "import os, sys, django; os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'hub.config.settings'); django.setup();"
        "from django.urls import get_resolver; get_resolver().url_patterns; import hub.config.celery, hub.config.wsgi;"
        f"print([name for name in {(*HEAVY, *ARRAYS)!r} if name in sys.modules])"
    )
    assert loaded == "[]"


def test_the_parent_of_a_job_loads_no_torch():
    loaded = _python(
        "import sys; import workers.runtime.tasks, workers.runtime.supervise;"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    assert loaded == "[]"


def test_importing_the_tables_imports_nothing_heavy():
    loaded = _python(
        "import sys; import workers.contracts.methods, workers.contracts.kinds, workers.planning.check;"
        f"print([name for name in {(*HEAVY, 'django', 'celery')!r} if name in sys.modules])"
    )
    assert loaded == "[]"


def _resolve(dotted: str) -> object:
    module, name = dotted.split(":")
    return getattr(import_module(module), name)


@pytest.mark.parametrize("method", METHODS, ids=lambda method: f"{method.kind}-{method.name}")
def test_every_method_row_leads_to_a_function(method):
    assert callable(_resolve(method.runner))
    assert any(kind.name == method.kind and kind.has_methods for kind in KINDS)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_kind_row_leads_to_its_parts(kind, settings):
    for dotted in filter(None, (kind.recipe, kind.runner, kind.planner, kind.publish)):
        assert callable(_resolve(dotted)), dotted


def test_rows_have_unique_names():
    assert len({(method.kind, method.name) for method in METHODS}) == len(METHODS)
    assert len({kind.name for kind in KINDS}) == len(KINDS)


def test_the_changelog_names_the_version_that_runs():
    heading = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert heading is not None
    assert heading[1] == VERSION


def test_views_start_from_what_the_reader_may_see():
    offenders = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in (ROOT / "hub").rglob("*.py")
        if "views" in path.name or path.parent.name == "api"
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(r"\b(Repo|Job)\.objects\.(all|filter|get|exclude)\(", line)
    ]
    assert offenders == []


def test_migrations_have_real_names():
    automatic = [path.name for path in (ROOT / "hub").rglob("migrations/*.py") if "_auto_" in path.name]
    assert automatic == []

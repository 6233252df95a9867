"""Sources on a hub for a run of this machine: laid out below the place of work, read as they arrive, compared at the end."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from workers.contracts.errors import UserError
from workers.contracts.jobs import JOURNAL
from workers.contracts.plans import Plan
from workers.contracts.recipes import AnyRecipe
from workers.planning.wording import counted, size_text
from workers.runtime.local import TerminalReporter

if TYPE_CHECKING:
    from workers.remote.sources import Laid, RemoteSources

FOLDER = "remote"


@contextlib.contextmanager
def remote_laid(
    sources: "RemoteSources", recipe: AnyRecipe, plan: Plan | None, work: Path, reporter: TerminalReporter
) -> Iterator["Laid"]:  # fmt: skip
    """The remote sources of the recipe as folders that the engine can read, while they arrive."""
    from workers.engine.io.arrivals import arriving

    def progress(done: int, total: int) -> None:
        reporter.progress(done, total, "bytes", "Fetching what is needed first")

    with sources.laid(recipe, plan, work / FOLDER, progress) as laid, arriving(laid.arrivals):
        yield laid


def verified(laid: "Laid", work: Path) -> list[str]:
    """What to tell of the sources at the end. Nothing made of files that are not what their hub says is kept.

    Raises:
        UserError: a file's sha256 differs.
    """
    try:
        compared = laid.verify()
    except UserError:
        shutil.rmtree(work / JOURNAL, ignore_errors=True)
        raise
    if not laid.repos:
        return []
    whole = sum(file.size_bytes for repo in laid.repos for file in repo.repo.files.values())
    hosts = ", ".join(dict.fromkeys(repo.repo.address.host for repo in laid.repos))
    lines = [
        f"Fetched {size_text(laid.received_bytes)} from {hosts}, where the repos hold {size_text(whole)}; "
        f"{counted(compared, 'file')} compared with the sha256 that the hub says."
    ]
    if any(repo.whole_only for repo in laid.repos):
        lines.append(f"{hosts} does not send parts of files: whole files were fetched.")
    return lines

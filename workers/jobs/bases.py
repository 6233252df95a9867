"""Where the base of an input lies, for entries that run only on one."""

from pathlib import Path

from workers.contracts.jobs import Input
from workers.contracts.ports import Workspace
from workers.planning.bases import ON_A_BASE


def base_folder_of(workspace: Workspace, model: Input) -> Path | None:
    """The folder of the input with the role `base` and the place of `model`; None for an entry that stands alone."""
    if model.facts.artifact not in ON_A_BASE:
        return None
    return workspace.input_folder("base", model.index)

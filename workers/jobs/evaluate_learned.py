"""What a model was trained on, looked through for the examples that it is measured on."""

from pathlib import Path
from typing import Any

from workers.contracts.errors import UserError
from workers.contracts.findings import Finding
from workers.contracts.jobs import Input
from workers.contracts.ports import Ports
from workers.jobs.evaluate_data import Data, overlap_with
from workers.jobs.evaluate_units import Unit
from workers.jobs.inputs import inputs_of

LEARNED = "train"
HIDDEN = "data that is not public"


class Learned:
    """Compares each pair of datasets once, for all models."""

    def __init__(self, ports: Ports) -> None:
        self.ports = ports
        self.trained = inputs_of(ports.workspace.request, "trained")
        self.found: dict[tuple[int, int], int | str] = {}

    def of(self, unit: Unit, data: Data) -> tuple[dict[str, int], list[dict[str, Any]]]:
        """How many of the examples stand in what the model was trained on, by its name, and what is to be said of that.

        SECURITY: whoever reads the number may not know of the data. What is not public goes without its name.
        """
        counts: dict[str, int] = {}
        told: list[Finding] = []
        for item in self.trained:
            if unit.model.index not in item.of or _same(item, unit.data):
                continue
            name = item.reference.partition("@")[0] if _is_open(item) else HIDDEN
            found = self._overlap(unit, data, item)
            if isinstance(found, str):
                reason = f" {found}" if _is_open(item) else ""
                message = f"Whether these examples also stand in {name}, which {unit.model.reference} was trained on, is not known.{reason}"
                told.append(_finding("leakage_unknown", message))
                continue
            counts[name] = max(found, counts.get(name, 0))
            if found:
                message = f"{found} of {len(data.shas)} examples of {data.examples.name} also stand in {name}, which {unit.model.reference} was trained on."
                told.append(_finding("data_leakage", message, "It may know them by heart."))
        return counts, [finding.model_dump(mode="json") for finding in told]

    def _overlap(self, unit: Unit, data: Data, item: Input) -> int | str:
        """Why it is not known, where it is not."""
        key = (unit.data.index, item.index)
        if key not in self.found:
            workspace = self.ports.workspace
            folder = workspace.input_folder("trained", item.index) if item.files else Path()
            scratch = workspace.journal / "scratch"
            try:
                self.found[key] = overlap_with(folder, LEARNED, unit, data.examples, scratch, reference=item.reference)
            except UserError as error:
                self.found[key] = str(error)
        return self.found[key]


def _same(item: Input, data: Input) -> bool:
    """Its other splits are compared with the one that is measured as it is."""
    return (item.facts.repo or item.reference, item.facts.commit) == (
        data.facts.repo or data.reference,
        data.facts.commit,
    )


def _is_open(item: Input) -> bool:
    return item.reference.startswith("builtin:") or item.facts.visibility == "public"


def _finding(code: str, message: str, consequence: str = "") -> Finding:
    return Finding(code=code, severity="warning", message=message, consequence=consequence, where="data", stage="run")

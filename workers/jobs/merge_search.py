"""Chooses what a merge leaves open: tries point after point, keeps the score of each, and gives the best as an ordinary recipe."""

import importlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workers.contracts.errors import UserError
from workers.contracts.findings import Finding
from workers.contracts.jobs import Input
from workers.contracts.methods import method_get
from workers.contracts.plans import Plan
from workers.contracts.ports import Ports
from workers.contracts.recipes import MergeRecipe
from workers.contracts.searching import Search
from workers.contracts.tasks import metric_get
from workers.jobs.merge_card import name_of
from workers.jobs.merge_measured import answers, key_of, mean_of, opened
from workers.planning.members import reference_place
from workers.planning.search_space import Space

REVISION = 1
STRATEGIES = {
    "grid": "workers.engine.search.grid:grid",
    "cma_es": "workers.engine.search.cma_es:cma_es",
    "successive_halving": "workers.engine.search.halving:successive_halving",
}
_BEAT_S = 0.5
# What makes a point worthless and not the search: its merge overflows, or its answers are no numbers.
_WORTHLESS = {"nan_predictions"}


@dataclass(frozen=True)
class Found:
    """`recipe` is ordinary; `plan` carries it out; `report` holds every trial."""

    recipe: MergeRecipe
    plan: Plan
    report: dict[str, Any]


def search(ports: Ports, recipe: MergeRecipe, models: Sequence[Input], folders: Sequence[Path]) -> Found | None:
    """None where nothing is open.

    A trial is journalled with its score: a search that is taken up again asks the strategy anew, which draws the same points,
    and answers it from the journal as far as that goes.

    Raises:
        UserError: the data does not fit the models; or not one trial could be measured.
    """
    if recipe.search is None:
        return None
    ports.reporter.step("search", "started")
    trials = _Trials(ports, recipe, recipe.search, models, folders)
    try:
        found = trials.run()
    finally:
        trials.close()
    ports.reporter.step("search", "finished")
    return found


@dataclass
class _Trials:
    ports: Ports
    recipe: MergeRecipe
    search: Search
    models: Sequence[Input]
    folders: Sequence[Path]
    rows: list[dict[str, Any]] = field(default_factory=list)
    live: Any = None
    resumed: int = 0
    beaten: float = 0.0

    def __post_init__(self) -> None:
        from workers.engine.io.journal import Journal

        request = self.ports.workspace.request
        self.space, self.reference = Space(self.recipe), reference_place(self.recipe)
        self.facts = {item.reference: item.facts for item in request.inputs}
        self.data = opened(self.ports, self.search.data, len(self.recipe.data), self.models[self.reference], "search")
        self.metric = metric_get(self.search.metric or self.data.task.metrics[0])
        plan = request.plan.model_dump_json() if request.plan is not None else ""
        self.journal = Journal(self.ports.workspace.journal / "search", key_of(request, REVISION, plan))
        self.total = self._total()

    def run(self) -> Found:
        stopped, asked = "finished", self._strategy()
        points = next(asked, None)
        while points is not None:
            scores: list[float | None] = []
            for point in points:
                if self._is_over():
                    stopped = "seconds"
                    break
                row = self._trial(point.values, point.share)
                self.rows.append(row)
                scores.append(self._score(row))
                self._tell(row)
            if stopped == "seconds":
                break
            try:
                points = asked.send(scores)
            except StopIteration:
                points = None
        best = self._best()
        if best is None:
            raise self._nothing()
        chosen = self.space.recipe_at(best["values"])
        plan = self._plan(chosen)
        if isinstance(plan, str):
            raise ValueError(plan)
        self.ports.reporter.log(
            f"Trial {best['number']} of {len(self.rows)} is the best: {self.metric.label} {best['value']:.4g}."
        )
        return Found(chosen, plan, self._report(best, stopped))

    def close(self) -> None:
        if self.live is not None:
            self.live.close()

    def _strategy(self) -> Any:
        module, _, name = STRATEGIES[self.search.strategy].partition(":")
        make = getattr(importlib.import_module(module), name)
        return make(self.space, self.search.budget.trials, self.data.count, self.search.seed)

    def _total(self) -> int:
        from workers.planning.merge_search import trials_of

        return trials_of(self.search, self.space, self.data.count)[0]

    def _is_over(self) -> bool:
        limit = self.search.budget.seconds
        return limit is not None and bool(self.rows) and sum(sum(row["seconds"].values()) for row in self.rows) >= limit

    def _trial(self, values: Mapping[str, Any], share: float) -> dict[str, Any]:
        number = len(self.rows) + 1
        self.ports.cancel.raise_if_requested()
        kept = self.journal.note(f"trial-{number:05d}")
        if kept is not None:
            self.resumed += 1
            return kept
        row = {"number": number, "values": dict(values), "share": share, **self._tried(values, share)}
        self.journal.keep(f"trial-{number:05d}", row)
        self.ports.reporter.checkpoint(f"trial {number}")
        return row

    def _tried(self, values: Mapping[str, Any], share: float) -> dict[str, Any]:
        """Merges in memory, answers, and scores."""
        from workers.engine.search.examples import share_of
        from workers.engine.search.live import Live
        from workers.statistics.scores import metrics_of

        began = time.perf_counter()
        nothing = {"value": None, "low": None, "high": None, "examples": 0}
        plan = self._plan(self.space.recipe_at(values))
        if isinstance(plan, str):
            return {**nothing, "error": plan, "seconds": {"merge": 0.0, "answer": 0.0}}
        if self.live is None:
            request = self.ports.workspace.request
            self.live = Live(
                plan, self.folders, task=self.data.task.name, name=name_of(self.models[self.reference]), reference=self.reference,
                beat=self._beat, threads=request.threads, device=request.device,
            )  # fmt: skip
            began = time.perf_counter()
        self.live.merge(plan)
        merged = time.perf_counter()
        examples = [share_of(each, share, self.search.seed) for each in self.data.examples]
        error, score = "", dict(nothing)
        try:
            columns = [answers(self.data, self.live.predictor, each, self._beat) for each in examples]
            scores = [metrics_of(self.data.task, each, names=(self.metric.name,))[self.metric.name] for each in columns]
            score = {**mean_of(scores), "examples": sum(map(len, examples))}
            error = "" if score["value"] is not None else f"{self.metric.label} is not defined for its answers."
        except UserError as caught:
            if not {finding.code for finding in caught.findings} & _WORTHLESS:
                raise
            error = str(caught)
        seconds = {"merge": round(merged - began, 4), "answer": round(time.perf_counter() - merged, 4)}
        return {**score, "error": error, "seconds": seconds}

    def _plan(self, recipe: MergeRecipe) -> Plan | str:
        """The plan of an ordinary recipe, or why there is none."""
        from workers.planning.merge import check

        checked = check(recipe, self.facts)
        if checked.plan is not None:
            return checked.plan
        return next(
            (finding.message for finding in checked.findings if finding.severity == "error"), "It cannot be merged."
        )

    def _score(self, row: Mapping[str, Any]) -> float | None:
        value = row["value"]
        return None if value is None else float(value if self.metric.higher_is_better else -value)

    def _best(self) -> dict[str, Any] | None:
        """Of the trials on the most examples the best; the earlier one among equals."""
        measured = [row for row in self.rows if row["value"] is not None]
        if not measured:
            return None
        share = max(row["share"] for row in measured)
        among = [row for row in measured if row["share"] == share]
        return max(among, key=lambda row: (self._score(row) or 0.0, -row["number"]))

    def _tell(self, row: Mapping[str, Any]) -> None:
        best = self._best()
        told = f", best {best['value']:.4g}" if best is not None else ""
        message = f"trial {row['number']} of {self.total}{told}"
        self.ports.reporter.progress(row["number"], max(self.total, row["number"]), "trials", message)
        name = self.metric.name
        if self.search.strategy == "successive_halving":
            # Values on different numbers of examples are not one curve.
            name += f" on {row['examples']} examples"
        if row["value"] is not None:
            self.ports.reporter.metric(name, row["number"], row["value"])
        if best is not None and best["share"] == row["share"]:
            self.ports.reporter.metric(f"best {name}", row["number"], best["value"])

    def _beat(self) -> None:
        self.ports.cancel.raise_if_requested()
        now = time.monotonic()
        if now - self.beaten >= _BEAT_S:
            self.beaten = now
            done = len(self.rows)
            self.ports.reporter.progress(done, max(self.total, done + 1), "trials", f"trial {done + 1} of {self.total}")

    def _nothing(self) -> UserError:
        reason = next((row["error"] for row in self.rows if row["error"]), "")
        message = f"Not one of {len(self.rows)} trials could be measured. {reason}".strip()
        return UserError(
            message, (Finding(code="search_empty", severity="error", message=message, where="search", stage="run"),)
        )

    def _report(self, best: Mapping[str, Any], stopped: str) -> dict[str, Any]:
        return {
            "strategy": self.search.strategy, "task": self.data.task.name, "metric": self.metric.name, "metric_label": self.metric.label,
            "unit": self.metric.unit, "higher_is_better": self.metric.higher_is_better, "seed": self.search.seed,
            "budget": self.search.budget.model_dump(mode="json"), "data": self.data.rows, "axes": [self._axis(axis) for axis in self.space.axes],
            "methods": list(self.space.methods), "trials": self.rows, "best": best["number"], "stopped": stopped,
            "resumed_trials": self.resumed,
        }  # fmt: skip

    def _axis(self, axis: Any) -> dict[str, Any]:
        opening = axis.opening
        label = next(
            (row.label for name in self.space.methods if (method := method_get("merge", name)) and (row := method.parameter(opening.name))), opening.name
        )  # fmt: skip
        sources = [item for item in self.models if item.role == "source"]
        source = None if axis.source is None else name_of(sources[axis.source])
        held = (
            {"values": list(opening.values)}
            if opening.values
            else {"low": opening.low, "high": opening.high, "steps": opening.steps}
        )
        return {"key": axis.key, "name": opening.name, "label": label, "source": source, **held}

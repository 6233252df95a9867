"""KIND TABLE: one row per job kind. Dispatcher, forms, monitor page and metrics read it.

Dotted paths are strings: importing the table imports neither torch nor Django.
"""

from dataclasses import dataclass
from typing import Literal

Queue = Literal["cpu", "gpu", "io", "default"]


@dataclass(frozen=True)
class Limits:
    """What the supervisor enforces on one attempt. `hang_s`: no event for that long means the child hangs."""

    wall_s: int = 12 * 3600
    memory_bytes: int = 64 * 2**30
    output_bytes: int = 512 * 2**30
    log_bytes: int = 10 * 2**20
    hang_s: int = 15 * 60


@dataclass(frozen=True)
class Kind:
    """`runner` is called by the child, `publish` by the hub inside the transaction that ends the job.

    `has_methods`: the recipe's `method` names a row of the method table.
    `makes_repo`: the result is a commit in the repo the recipe's `output` names; where it does not and `keeps_files`,
    every file is an output of the job, else `publish` alone decides what becomes of them.
    `failed` is called by the hub in the transaction that ends a job by its asker's fault.
    `briefing` is called by the hub at each claim and gives JSON for the child's standard input: what may stand in no row.
    `has_form`: people make it on a form of the page /make. `uses_gpu`: it runs models, and goes to a GPU worker where one has room.
    """

    name: str
    label: str
    summary: str
    recipe: str
    runner: str
    planner: str
    publish: str = ""
    queue: Queue = "cpu"
    limits: Limits = Limits()
    max_attempts: int = 3
    revision: int = 1
    has_methods: bool = False
    makes_repo: bool = True
    keeps_files: bool = True
    briefing: str = ""
    failed: str = ""
    has_form: bool = True
    uses_gpu: bool = False


KINDS: tuple[Kind, ...] = (
    Kind(
        "merge",
        "Merge",
        "Several models of one shape become one.",
        recipe="workers.contracts.recipes:MergeRecipe",
        runner="workers.jobs.merge:run",
        planner="workers.planning.merge:check",
        publish="hub.evals.automatic:result_measure",
        has_methods=True,
    ),
    Kind(
        "evaluate",
        "Evaluate",
        "Measures models on datasets and keeps every single answer.",
        recipe="workers.contracts.recipes:EvaluateRecipe",
        runner="workers.jobs.evaluate:run",
        planner="workers.planning.evaluate:check",
        publish="hub.evals.services:evaluation_publish",
        failed="hub.benchmarks.troubles:trouble_note",
        revision=2,
        makes_repo=False,
        limits=Limits(wall_s=6 * 3600),
        uses_gpu=True,
    ),
    Kind(
        "train",
        "Train",
        "Fine-tunes a model, or an adapter for it, on a dataset.",
        recipe="workers.contracts.recipes:TrainRecipe",
        runner="workers.jobs.train:run",
        planner="workers.planning.train:check",
        revision=2,  # what dropout draws follows the step, no longer the epoch
        publish="hub.evals.automatic:result_measure",
        limits=Limits(wall_s=24 * 3600),
        uses_gpu=True,
    ),
    Kind(
        "extract",
        "Extract",
        "What a fine-tune changed in its base, as a task vector or an adapter.",
        recipe="workers.contracts.recipes:ExtractRecipe",
        runner="workers.jobs.extract:run",
        planner="workers.planning.extraction:check",
        publish="hub.evals.automatic:result_measure",
    ),
    Kind(
        "import",
        "Import",
        "Takes a repo over from another hub: its metadata, or every file of it.",
        recipe="workers.contracts.recipes:ImportRecipe",
        # The one runner that reaches the network. It is free of Django, and its module says why it stands there.
        runner="hub.imports.remote.fetching:run",
        planner="workers.planning.imports:check",
        publish="hub.recipes.importing:import_publish",
        briefing="hub.imports.briefing:briefing_make",
        queue="io",
        makes_repo=False,
        keeps_files=False,
        has_form=False,
        limits=Limits(wall_s=24 * 3600, memory_bytes=4 * 2**30),
    ),
    Kind(
        "rank",
        "Rank",
        "Which entry to start from, for a labelled sample.",
        recipe="workers.contracts.recipes:RankRecipe",
        runner="workers.jobs.rank:run",
        planner="workers.planning.rank:check",
        publish="hub.evals.ranking:ranking_publish",
        makes_repo=False,
        limits=Limits(wall_s=6 * 3600, output_bytes=2**30),
        uses_gpu=True,
    ),
    Kind(
        "try",
        "Try",
        "One input through one model.",
        recipe="workers.contracts.recipes:TryRecipe",
        runner="workers.jobs.try_out:run",
        planner="workers.planning.try_out:check",
        publish="hub.recipes.trying:try_publish",
        makes_repo=False,
        keeps_files=False,
        has_form=False,
        limits=Limits(wall_s=600, output_bytes=2**20, log_bytes=2**20, hang_s=300),
        max_attempts=2,  # on the processor: it must not wait behind a training on the only GPU
    ),
)


def kind_get(name: str) -> Kind | None:
    return next((kind for kind in KINDS if kind.name == name), None)

"""Methods that add up what each model changed in the base: task arithmetic, and what trims, drops and votes before it adds.

One engine class carries them all out (`workers.engine.merge.changes`); rows differ in what is kept, in the vote, in presets.
"""

from workers.contracts.methods.knobs import (
    density,
    epsilon,
    gamma,
    normalize,
    reduce,
    rescale,
    scale,
    scope,
    vote,
    weight,
)
from workers.contracts.methods.row import Method

_BY_SUM = "Divide by the sum of the weights."
_BY_AGREEING = "Divide by the sum of the weights that agree."

CHANGES: tuple[Method, ...] = (
    Method(
        "task_arithmetic",
        "merge",
        "Task arithmetic",
        "Adds up what each model learned on top of the base, each with its weight.",
        "arXiv:2212.04089",
        "workers.engine.merge.task_arithmetic:merge",
        "base",
        (weight(0.4), scale(), normalize(False, _BY_SUM)),
        when="Few fine-tunes of one base for tasks that do not get in each other's way. A negative weight takes a task out.",
    ),
    Method(
        "ties",
        "merge",
        "TIES",
        "Keeps the largest changes of each model, lets the sources vote on the sign, and averages those that agree.",
        "arXiv:2306.01708",
        "workers.engine.merge.ties:merge",
        "base",
        (
            weight(1.0), density(0.3), scale(), normalize(True, _BY_AGREEING), rescale("none"), scope(), vote(), reduce(),
        ),
        when="Fine-tunes of one base that pull the same weights in different directions.",
    ),
    Method(
        "dare_ties",
        "merge",
        "DARE TIES",
        "Drops changes at random, scales up the rest to make good for it, then votes on the sign as TIES does.",
        "arXiv:2311.03099",
        "workers.engine.merge.dare_ties:merge",
        "base",
        (
            weight(1.0), density(0.5), scale(), normalize(False, _BY_AGREEING), rescale("inverse"), vote(), reduce(),
        ),
        when="Fine-tunes of one base with many small changes, most of which are not needed, that contradict each other in signs.",
    ),
    Method(
        "dare_linear",
        "merge",
        "DARE linear",
        "Drops changes at random, scales up the rest to make good for it, and adds them.",
        "arXiv:2311.03099",
        "workers.engine.merge.dare_linear:merge",
        "base",
        (weight(0.4), density(0.5), scale(), normalize(False, _BY_SUM), rescale("inverse")),
        when="Few fine-tunes of one base with many small changes that do not contradict each other.",
    ),
    Method(
        "breadcrumbs",
        "merge",
        "Breadcrumbs",
        "Leaves out each model's many small changes and its few largest ones, and adds what is in between.",
        "arXiv:2312.06795",
        "workers.engine.merge.breadcrumbs:merge",
        "base",
        (weight(0.4), density(0.14), gamma(), scale(), normalize(False, _BY_SUM), rescale("none")),
        when="Many fine-tunes of one base, where a few outsized changes of each spoil the sum.",
    ),
    Method(
        "breadcrumbs_ties",
        "merge",
        "Breadcrumbs TIES",
        "Leaves out each model's small changes and its few largest ones, then votes on the sign as TIES does.",
        "arXiv:2312.06795",
        "workers.engine.merge.breadcrumbs_ties:merge",
        "base",
        (
            weight(1.0), density(0.14), gamma(), scale(), normalize(False, _BY_AGREEING), rescale("none"), vote(), reduce(),
        ),
        when="As Breadcrumbs, where the models also contradict each other in signs.",
    ),
    Method(
        "della",
        "merge",
        "DELLA",
        "Drops changes by lot, large ones with better odds to stay, scales up the rest, then votes on the sign as TIES does.",
        "arXiv:2406.11617",
        "workers.engine.merge.della:merge",
        "base",
        (
            weight(1.0), density(0.5), epsilon(), scale(), normalize(True, _BY_AGREEING), rescale("inverse"), vote(), reduce(),
        ),
        memory="tensor",
        when="As DARE TIES, where the largest changes carry the task and should rarely be dropped.",
    ),
    Method(
        "della_linear",
        "merge",
        "DELLA linear",
        "Drops changes by lot, large ones with better odds to stay, scales up the rest, and adds them.",
        "arXiv:2406.11617",
        "workers.engine.merge.della_linear:merge",
        "base",
        (weight(0.4), density(0.5), epsilon(), scale(), normalize(False, _BY_SUM), rescale("inverse")),
        memory="tensor",
        when="As DARE linear, where the largest changes carry the task and should rarely be dropped.",
    ),
)  # fmt: skip

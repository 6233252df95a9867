"""The result of the first merge as a table for a terminal, and in one sentence."""

from rich.table import Table

from hub.evals.selectors import Comparison, ModelScores
from workers.planning.wording import counted


def table_make(comparison: Comparison) -> Table:
    table = Table(
        title=f"{comparison.child.reference} beside its parents, accuracy on the {comparison.split} split",
        title_justify="left",
    )
    table.add_column("model")
    for domain in comparison.domains:
        table.add_column(domain.split("/")[-1].removeprefix("digits-"), justify="right")
    table.add_column("mean", justify="right")
    table.add_column("95 % interval", justify="right")
    base = [comparison.base] if comparison.base else []
    for model in [*base, *comparison.parents, comparison.child]:
        table.add_row(*_cells(model, comparison), style="bold" if model.role == "child" else None)
    return table


def sentence_make(comparison: Comparison) -> str:
    """The finding first, with its interval; a difference that includes zero is called one."""
    gain = comparison.gain
    best = comparison.best_parent.split("/")[-1]
    interval = f"95 % interval {gain.low * 100:+.1f} to {gain.high * 100:+.1f} points"
    over = f"over {counted(len(comparison.domains), 'domain')} and {counted(len(comparison.seeds), 'seed')}"
    if gain.includes_zero:
        return f"The merge and the best single model, {best}, differ by {gain.value * 100:+.1f} points {over}; the {interval} includes zero."
    word = "more" if gain.value > 0 else "fewer"
    return (
        f"The merge gets {comparison.child.mean.value:.1%} right {over}: {abs(gain.value) * 100:.1f} points {word} than the best single model, "
        f"{best} ({interval}, paired)."
    )


def _cells(model: ModelScores, comparison: Comparison) -> list[str]:
    low, high = model.interval
    scores = [f"{model.per_domain[domain].accuracy:.1%}" for domain in comparison.domains]
    return [model.reference.split("/")[-1], *scores, f"{model.mean.value:.1%}", f"{low:.1%} to {high:.1%}"]

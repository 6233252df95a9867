"""What a comparison rests on, in words: how many examples, whether they are different ones, how many trainings."""

from hub.evals.records import Comparison
from hub.pages.numbers import points, thousands
from hub.pages.words import plural


def noun_of(comparison: Comparison, count: int = 2) -> str:
    """`images` where the task is about images, else `examples`."""
    if comparison.task.startswith("image"):
        return plural(count, "image", "images")
    return plural(count, "example", "examples")


def together_words(comparison: Comparison) -> str:
    """Of what a test takes the answers together, because they are not independent."""
    return f"all forms of one {noun_of(comparison, 1)}" if comparison.pooling == "same" else "one group of examples"


def counted_words(comparison: Comparison) -> str:
    """`3 seeds × 359 test images, each in 4 datasets`: forms of one example are not counted as several."""
    seeds = len(comparison.seeds)
    return f"{seeds} seeds × {examples_words(comparison)}" if seeds > 1 else f"one seed, {examples_words(comparison)}"


def examples_words(comparison: Comparison) -> str:
    datasets, sources, answers = len(comparison.domains), comparison.sources, comparison.examples
    if comparison.pooling == "same":
        each = "each in" if answers == sources * datasets else f"{thousands(answers)} times in"
        return f"{thousands(sources)} {comparison.split} {noun_of(comparison, sources)}, {each} {datasets} datasets"
    words = f"{thousands(answers)} {comparison.split} {noun_of(comparison, answers)}"
    if comparison.pooling == "unknown":
        return f"{words} of {datasets} datasets, counted as different ones"
    return f"{words} in {thousands(sources)} groups that belong together" if 0 < sources < answers else words


def chance_sentence(comparison: Comparison) -> str:
    """Two questions kept apart: would other examples tell the same, and would another training?"""
    nouns = noun_of(comparison)
    over = (
        f"It includes zero: over these {nouns} it could be chance."
        if comparison.gain.includes_zero
        else f"Over these {nouns} that is more than chance."
    )
    if comparison.pooling == "unknown":
        over += " Some may stand in several of the datasets; then the interval is too narrow."
    return f"{over} {training_sentence(comparison)}"


def training_sentence(comparison: Comparison) -> str:
    gains = [row.gain for row in comparison.seeds]
    if len(gains) < 2:
        return "Each model was trained once (one seed): trained again, the difference may be another."
    if comparison.unit != "share":
        return f"The interval is over {noun_of(comparison)}; what each of the {len(gains)} seeds gave stands below."
    return f"Trained anew from {len(gains)} seeds, it was between {points(min(gains))} and {points(max(gains))} points."

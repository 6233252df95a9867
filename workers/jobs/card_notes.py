"""What the card of a merge says of how its numbers were chosen, and of entries that are no numbers."""

from collections.abc import Mapping
from typing import Any

from workers.planning.wording import counted, joined, number

_STRATEGIES = {"grid": "a grid", "cma_es": "CMA-ES", "successive_halving": "successive halving"}


def card_notes(report: Mapping[str, Any]) -> list[str]:
    """Lines between what went in and the recipe."""
    chosen = _chosen(report["search"]) if "search" in report else []
    return [*_broken(report.get("summary") or {}), *chosen]


def _broken(summary: Mapping[str, Any]) -> list[str]:
    held = summary.get("not_finite", 0)
    if not held:
        return []
    whose = [f"{name} holds {number(count)}" for name, count in summary.get("broken", {}).items()]
    where = f" Of the models that went in, {joined(whose)}." if whose else ""
    return [
        "", "## Broken entries", "",
        f"**{counted(held, 'entry', 'entries')} of the weights {'is' if held == 1 else 'are'} infinite or not a number.**{where} "
        "A model with such entries often answers nothing but NaN.",
    ]  # fmt: skip


def _chosen(search: Mapping[str, Any]) -> list[str]:
    """SECURITY: names are those of entries, which hold no markup."""
    best = next(row for row in search["trials"] if row["number"] == search["best"])
    keys = ["method"] if len(search["methods"]) > 1 else []
    keys += list(dict.fromkeys(axis["name"] for axis in search["axes"]))
    places = " and ".join(f"the {row['split']} split of {row['data']}" for row in search["data"])
    how, tried = _STRATEGIES[search["strategy"]], counted(len(search["trials"]), "trial")
    return [
        "", "## How it was chosen", "",
        f"The recipe’s {', '.join(f'`{key}`' for key in keys)} {'was' if len(keys) == 1 else 'were'} chosen by a search ({how}, "
        f"{tried}) on {places}: trial {best['number']} has {search['metric_label']} {best['value']:.4g} on "
        f"{counted(best['examples'], 'example')}. The best of many trials looks better on the data that chose it than it is. "
        "Measure it on other data.",
    ]  # fmt: skip

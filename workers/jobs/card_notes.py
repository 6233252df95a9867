"""What the card of a merge says of how its numbers were chosen."""

from collections.abc import Mapping
from typing import Any

from workers.planning.wording import counted

_STRATEGIES = {"grid": "a grid", "cma_es": "CMA-ES", "successive_halving": "successive halving"}


def card_notes(report: Mapping[str, Any]) -> list[str]:
    """Lines between what went in and the recipe."""
    return _chosen(report["search"]) if "search" in report else []


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

"""`genepool compare MODEL MODEL …`: two to five entries side by side, and whether the best one is better or that is noise."""

import argparse
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from hub.cli.client import Hub, HubError
from hub.cli.report import error_print, json_print
from hub.cli.side_by_side import compare_print

MOST_ROWS = 12
WAIT_S = 60.0


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="genepool compare",
        description="Entries of a hub side by side: facts, numbers with intervals, and on each dataset the best one against the others, "
        "answer by answer. GENEPOOL_URL says which hub (default http://127.0.0.1:8000), GENEPOOL_TOKEN who asks.",
    )  # fmt: skip
    parser.add_argument(
        "models", nargs="+", metavar="NS/NAME", help="two to five; @ and a branch, tag or commit may follow"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(argv)
    try:
        hub = Hub()
        found = hub.get("/compare", models=",".join(options.models))
        against = against_get(hub, found["scores"])
    except HubError as error:
        return error_print(error)
    if options.json:
        json_print(found | {"against": against})
        return 0
    compare_print(found, against, f"{hub.url}/compare?models={quote(','.join(options.models), safe='/,@')}")
    return 0


def against_get(
    hub: Hub, rows: list[dict[str, Any]], *, sleep: Callable[[float], None] = time.sleep
) -> list[dict[str, Any]]:
    """For each row that two or more were measured in: the best one's place, the places of the others, and `pairs` with them.

    `pairs` are in the order of `others`, p-values adjusted over all of them; None with a `note` where there are none. Workers
    are asked for all rows before the first answer is waited for, a minute at most.
    """
    found: list[dict[str, Any]] = []
    for number, row in enumerate(rows):
        places = _best_first(row)
        if len(places) > 1 and len(found) < MOST_ROWS:
            found.append({"row": number, "best": places[0], "others": places[1:], "pairs": None, "note": ""})
    waited, open_rows = 0.0, found
    while open_rows:
        open_rows = [entry for entry in open_rows if not _ask(hub, rows[entry["row"]], entry)]
        if not open_rows or waited >= WAIT_S:
            break
        # A little longer each time: an hour has so many questions.
        pause = min(5.0, 1.0 + waited / 4)
        sleep(pause)
        waited += pause
    for entry in open_rows:
        entry["note"] = "a worker still goes through the answers; ask again in a minute"
    return found


def _best_first(row: dict[str, Any]) -> list[int]:
    sign = -1 if row["higher_is_better"] else 1
    known = [(sign * score["value"], place) for place, score in enumerate(row["scores"]) if score is not None]
    return [place for _, place in sorted(known)]


def _ask(hub: Hub, row: dict[str, Any], entry: dict[str, Any]) -> bool:
    """Whether there is nothing to wait for any more."""
    idents = [row["scores"][place]["evaluation"] for place in (entry["best"], *entry["others"])]
    try:
        answer = hub.get(f"/evaluations/{idents[0]}/against", others=",".join(idents[1:]))
    except HubError as error:
        if error.problem.get("status") != 400:
            raise
        entry["note"] = str(error)
        return True
    entry["pairs"] = answer.get("results")
    return entry["pairs"] is not None

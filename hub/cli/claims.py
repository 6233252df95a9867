"""`genepool claims NS/NAME`: what the card of a model claims, beside what was measured here."""

import argparse
import sys
from typing import Any

from hub.cli.client import Hub, HubError
from hub.cli.report import error_print, json_print
from hub.pages.measures import interval_words, metric_of, score_words
from hub.pages.numbers import NARROW, THIN
from workers.planning.wording import printable

_WORDS = {"confirmed": "confirmed", "not_confirmed": "not confirmed", "contradicted": "contradicted"}


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="genepool claims",
        description="What the card of a model claims (model-index), beside what was measured on a hub. "
        "GENEPOOL_URL says which hub (default http://127.0.0.1:8000), GENEPOOL_TOKEN who asks.",
    )
    parser.add_argument("model", metavar="NS/NAME")
    parser.add_argument("--revision", help="branch, tag or commit (default: the default branch)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(argv)
    try:
        found = Hub().get(f"/models/{options.model}/claims", revision=options.revision)
    except HubError as error:
        return error_print(error)
    if options.json:
        json_print(found)
        return 0
    for row in found["results"]:
        sys.stdout.write(printable(_claim(row).replace(NARROW, " ").replace(THIN, " ")) + "\n")
    if not found["results"]:
        sys.stderr.write("Its card claims no numbers (model-index).\n")
    return 0


def _claim(row: dict[str, Any]) -> str:
    where = row["dataset"] + (f", {row['split']}" if row["split"] else "")
    words = f"{_WORDS[row['badge']]:<13}  {where}: {row['metric_name']} claimed {row['written']}"
    if row["measured"] is None:
        return f"{words}. {row['reason']}".rstrip()
    metric, measured = metric_of(row["metric"]), row["measured"]
    words += f", measured {score_words(measured['value'], metric)} (95 % {interval_words(measured['low'], measured['high'], metric)})"
    return words + (", so the card says better than it is." if row["is_flattering"] else ".")

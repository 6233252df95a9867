"""`genepool rank FILE …`: which model to start from, by features of a sample that were worked out at home. No hub, no models."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from workers.contracts.errors import UserError
from workers.outcome import ranking_lines
from workers.terminal import painted, show_findings


def main(argv: Sequence[str]) -> int:
    """Exit code 0: ranked; 1: something about the files; 2: wrong usage."""
    options = _arguments(argv)
    from workers.engine.transfer.given import ranking_given

    try:
        report = ranking_given(options.files, seed=options.seed)
    except UserError as error:
        show_findings(error.findings)
        said = "Nothing was ranked." if error.findings else str(error)
        sys.stderr.write(f"{painted('error', 'error', sys.stderr)}: {said}\n")
        return 1
    if options.json:
        sys.stdout.write(json.dumps(report, indent=2, ensure_ascii=False) + "\n")
        return 0
    for line in ranking_lines(report):
        sys.stdout.write(line + "\n")
    return 0


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="genepool rank",
        description="Ranks models by features of your own labelled sample, worked out wherever you like. Nothing is sent anywhere. "
        "Each file is one model: safetensors with features [examples, width], labels [examples] (or target, for numbers), and "
        "probabilities [examples, classes of the model] where LEEP and NCE are wanted.",
        epilog="To rank entries of a hub, or local models on local data, write a recipe of the kind rank: genepool submit, genepool run.",
    )  # fmt: skip
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE", help="safetensors, one per model")
    parser.add_argument("--seed", type=int, default=0, help="of the folds of the probes (default: 0)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_args(list(argv))

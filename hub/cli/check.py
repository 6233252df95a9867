"""`genepool check RECIPE`: findings, licence and estimate of a recipe over local folders. Reads headers only where nobody asks for more, starts nothing."""

import argparse
import sys
from pathlib import Path
from typing import Any

from hub.cli.report import json_print
from workers.contracts.findings import Finding
from workers.contracts.kinds import kind_get
from workers.contracts.parsing import Parsed, parse
from workers.contracts.plans import Check, LicenceVerdict
from workers.contracts.sizes import bytes_of
from workers.planning.allowed import enough_text, within
from workers.planning.local import local_check
from workers.planning.weights_look import weights_look
from workers.planning.wording import counted, seconds_text, size_text
from workers.remote.sources import RemoteSources
from workers.terminal import show_findings

_VERDICTS = {
    "allow": "allowed", "allow_with_obligations": "allowed, with obligations", "review": "a person has to look at it",
    "deny": "the result may not be passed on", "unknown": "unknown",
}  # fmt: skip


def main(argv: list[str]) -> int:
    """0: nothing stops the recipe; 1: an error does, or it cannot be read."""
    parser = argparse.ArgumentParser(
        prog="genepool check", description="Says what is wrong with a recipe before it runs."
    )
    parser.add_argument(
        "recipe",
        metavar="RECIPE",
        help="a YAML or JSON file, - for standard input; its models and datasets are local folders, repos of the hub at GENEPOOL_URL (ns/name), "
        "or addresses of repos: https://host/ns/name@revision. Of these the headers and the first examples are read, not the weights",
    )
    parser.add_argument(
        "--weights", action="store_true",
        help="search the weights of local folders for NaN and infinity as well, which reads all of them; a hub has searched its own",
    )  # fmt: skip
    parser.add_argument(
        "--max-memory", type=_bytes, metavar="BYTES", help="say what stands against working within so much memory; 8GiB and 500MB are understood"
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="the answer of POST /api/v1/recipes/check")
    options = parser.parse_args(argv)
    try:
        text = sys.stdin.buffer.read() if options.recipe == "-" else Path(options.recipe).read_bytes()
    except OSError as error:
        sys.stderr.write(f"genepool: {options.recipe} cannot be read: {error.strerror or error}.\n")
        return 1
    sources = RemoteSources()
    try:
        parsed = parse(text, local=True)
        checked, _ = local_check(parsed, sources.find, weights_look if options.weights else None)
    finally:
        sources.close()
    checked = _with_hint(within(checked, options.max_memory), parsed)
    if options.json:
        json_print(as_json(checked))
    else:
        _print(checked)
    return 0 if checked.ok else 1


def _bytes(text: str) -> int:
    value = bytes_of(text)
    if not value:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of bytes, such as 8000000000 or 8GiB")
    return value


def _with_hint(checked: Check, parsed: Parsed) -> Check:
    """A run of this machine needs no output; a hub refuses a recipe without one."""
    recipe = parsed.recipe
    kind = kind_get(recipe.kind) if recipe is not None else None
    if recipe is None or recipe.output is not None or kind is None or not kind.makes_repo:
        return checked
    words = "To submit it, say where the result goes: output in the recipe, or --to NS/NAME."
    hint = Finding(code="output_missing", severity="info", where="output", message=words)
    return checked.model_copy(update={"findings": (*checked.findings, hint)})


def _licence_lines(licence: LicenceVerdict) -> list[str]:
    """Also said when an error stops the recipe: the verdict stands whatever else is repaired."""
    named = f"{licence.licence}, " if licence.licence else ""
    lines = [f"Licence of the result: {named}{_VERDICTS[licence.verdict]}."]
    lines += [f"  {reason}" for reason in licence.reasons]
    lines += [
        f"  {link['name']}, as {link['role']}: {link['licence'] or 'no licence'}, {link['clause']}"
        for link in licence.blocking
    ]
    return lines


def as_json(checked: Check) -> dict[str, Any]:
    body = checked.model_dump(mode="json", include={"findings", "agreements", "licence", "estimate"})
    return {"ok": checked.ok, **body}


def _print(checked: Check) -> None:
    show_findings(checked.findings, sys.stdout)
    if checked.licence.reasons:
        sys.stdout.write("\n".join(_licence_lines(checked.licence)) + "\n")
    errors = sum(found.severity == "error" for found in checked.findings)
    lines = list(checked.agreements)
    if errors:
        verb = "stops" if errors == 1 else "stop"
        lines.append(f"{counted(errors, 'error')} {verb} this recipe.")
    else:
        estimate = checked.estimate
        lines.append(
            f"Estimate: {seconds_text(estimate.seconds)} on {estimate.device}, peak memory {enough_text(estimate.memory_bytes)}, "
            f"reads {size_text(estimate.read_bytes)}, writes {size_text(estimate.write_bytes)}."
        )
        if estimate.device_reason:
            lines.append(estimate.device_reason)
        lines.append("Nothing stops this recipe.")
    sys.stdout.write("\n".join(lines) + "\n")

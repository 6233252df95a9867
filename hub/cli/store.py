"""`genepool store`: how the weights of a repo are kept on a hub, whole or as their difference from a base."""

import argparse
import sys
import time
from typing import Any

from hub.cli.client import Hub, HubError
from hub.cli.report import error_print, json_print
from workers.planning.wording import printable, size_text

EVERY_S = 1.0


def main(argv: list[str]) -> int:
    options = _parser().parse_args(argv)
    name, _, revision = options.model.partition("@")
    hub = Hub()
    try:
        if options.deed == "show":
            found = hub.get(f"/models/{name}/storage")
        else:
            form = "plain" if options.deed == "plain" or options.undo else "delta"
            body = {"form": form, "revision": revision, "base": getattr(options, "base", "") or ""}
            _, found = hub.post(f"/models/{name}/storage", body)
            while not options.no_wait and found["wish"]["state"] in ("asked", "working"):
                time.sleep(EVERY_S)
                found = hub.get(f"/models/{name}/storage")
    except HubError as error:
        if options.json and error.problem:
            json_print(error.problem)
        return error_print(error)
    if options.json:
        json_print(found)
    else:
        _print(found)
    return 1 if options.deed != "show" and (found["wish"] or {}).get("state") == "failed" else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="genepool store",
        description="Keeps the weights of a fine-tune as their difference from its base, which takes less room on the hub. Whoever downloads "
        "gets the same files, byte for byte. GENEPOOL_URL says which hub, GENEPOOL_TOKEN who asks: an owner of the repo.",
        epilog="Exit code: 0 done or shown; 1 refused or failed, and everything is as it was.",
    )
    deeds = parser.add_subparsers(dest="deed", required=True, metavar="delta|plain|show")
    delta = deeds.add_parser("delta", help="keep the weights as the difference from a base")
    delta.add_argument("--base", metavar="NS/NAME[@REV]", help="the base (default: what the lineage says)")
    delta.add_argument("--undo", action="store_true", help="the same as `genepool store plain`")
    plain = deeds.add_parser("plain", help="keep them whole again, with all history")
    show = deeds.add_parser("show", help="say what each file takes")
    plain.set_defaults(undo=True)
    for deed in (delta, plain, show):
        deed.add_argument("model", metavar="NS/NAME[@REV]" if deed is delta else "NS/NAME")
        deed.add_argument("--json", action="store_true", help="print the answer as JSON")
        if deed is not show:
            deed.add_argument("--no-wait", action="store_true", help="do not wait until a worker has done it")
    return parser


def _print(found: dict[str, Any]) -> None:
    for file in found["files"]:
        how = (
            f"as a difference{' from ' + file['base'] if file['base'] else ''}" if file["form"] == "delta" else "whole"
        )
        rest = (
            "; the whole file is there too until a nightly collection (`genepool gc`)"
            if file["form"] == "delta" and file["has_plain"]
            else ""
        )
        line = f"{file['path']} {file['sha256'][:8]}: {size_text(file['size_bytes'])}, takes {size_text(file['stored_bytes'])}, kept {how}{rest}"
        sys.stdout.write(printable(line) + "\n")
    if found["wish"] is not None and found["wish"]["message"]:
        sys.stderr.write(printable(found["wish"]["message"]) + "\n")

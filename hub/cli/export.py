"""`genepool export DIR`: repos as plain folders and JSON, readable without Genepool."""

import argparse
from dataclasses import asdict
from pathlib import Path

from hub.cli.own_hub import hub_ready
from hub.cli.telling import bar_tell, end, explained
from workers.planning.wording import size_text
from workers.terminal import Bar


def main(argv: list[str]) -> int:
    arguments = _parser().parse_args(argv)
    return explained(lambda: _export(arguments))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="genepool export",
        description="Writes every version that a branch or tag leads to as a folder of files with a version.json, private repos too. "
        "Nothing of Genepool is needed to read it. Run again, it goes on where it stopped. To bring a hub back, use genepool backup.",
        epilog="Exit code 0: all is there. 1: some files are damaged in the store and were left out; they are named.",
    )
    parser.add_argument("folder", metavar="DIR", type=Path)
    parser.add_argument("repos", metavar="ns/name", nargs="*", help="these repos alone (default: all)")
    parser.add_argument("--json", action="store_true", help="print figures as JSON")
    parser.add_argument("--data-dir", help="data directory of the hub (default: GENEPOOL_DATA, else .genepool)")
    return parser


def _export(arguments: argparse.Namespace) -> int:
    with hub_ready(arguments.data_dir, what="genepool export"):
        from hub.backups.exporting import hub_export

        bar = Bar()
        try:
            done = hub_export(root=arguments.folder, names=arguments.repos, tell=bar_tell(bar))
        finally:
            bar.clear()
    lines = [
        f"Exported {done.repos} repos, {done.versions} versions, {done.files} files, {size_text(done.bytes)} to {arguments.folder}",
        *(f"left out, damaged in the store: {name}" for name in done.damaged),
    ]
    end(asdict(done), lines, as_json=arguments.json)
    return 1 if done.damaged else 0

"""`genepool backup DIR`: database, blobs and secrets of the hub of this machine, running or not."""

import argparse
from pathlib import Path

from hub.cli.own_hub import hub_ready
from hub.cli.telling import bar_tell, end, explained
from workers.planning.wording import size_text
from workers.terminal import Bar


def main(argv: list[str]) -> int:
    arguments = _parser().parse_args(argv)
    return explained(lambda: _backup(arguments))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="genepool backup",
        description="Writes a snapshot of the hub into DIR: the database, every blob it names, and its secrets. Blobs that an earlier "
        "snapshot in DIR has are not copied again. The hub may run meanwhile. Keep DIR as safe as the hub: it holds its secrets.",
        epilog="Exit code 0: finished. 1: not finished, or finished without blobs that the store has lost; they are named.",
    )
    parser.add_argument("folder", metavar="DIR", type=Path, help="made when it is not there")
    parser.add_argument(
        "--keep",
        type=int,
        default=0,
        metavar="N",
        help="keep the latest N snapshots and remove older ones (default: all)",
    )
    parser.add_argument(
        "--copy", action="store_true", help="copy blobs also where a hard link would do: one disk, two copies"
    )
    parser.add_argument("--json", action="store_true", help="print figures as JSON")
    parser.add_argument("--data-dir", help="data directory of the hub (default: GENEPOOL_DATA, else .genepool)")
    return parser


def _backup(arguments: argparse.Namespace) -> int:
    with hub_ready(arguments.data_dir, what="genepool backup"):
        from hub.backups.making import backup_make

        bar = Bar()
        try:
            made = backup_make(
                root=arguments.folder, keep=max(0, arguments.keep), may_link=not arguments.copy, tell=bar_tell(bar)
            )
        finally:
            bar.clear()
    counts = ", ".join(f"{count} {label.replace('_', ' ')}" for label, count in made.manifest.counts.items())
    copied = made.copied
    lines = [
        f"Backed up to {made.folder}",
        f"  {counts}",
        f"  {made.manifest.blob_count} blobs, {size_text(made.manifest.blob_bytes)}: "
        f"{copied.copied} copied, {copied.linked} linked, {copied.present} there already",
    ]
    if made.removed[0]:
        lines.append(f"  removed {made.removed[0]} older snapshots and {made.removed[1]} blobs that only they named")
    lines += [f"  missing in the store: {sha256}" for sha256 in copied.missing]
    lines += [f"  damaged in the store: {sha256}" for sha256 in copied.corrupt]
    if not made.is_whole:
        lines.append("`genepool verify` says which repos these belong to.")
    end(made.summary(), lines, as_json=arguments.json)
    return 0 if made.is_whole else 1

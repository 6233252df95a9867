"""`genepool verify`: reads every blob of the hub again and says what is not what it was."""

import argparse

from hub.cli.own_hub import hub_ready
from hub.cli.telling import bar_tell, end, explained
from workers.planning.wording import size_text
from workers.terminal import Bar


def main(argv: list[str]) -> int:
    arguments = _parser().parse_args(argv)
    return explained(lambda: _verify(arguments))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="genepool verify",
        description="Hashes the blobs of the hub again and reports those that are missing or damaged, with the repos that are hurt, and "
        "orphans: bytes in the store that nothing names. The hub may run meanwhile.",
        epilog="Exit code 0: all is well. 1: something was found, or the hub could not be reached.",
    )
    parser.add_argument(
        "--sample", type=int, metavar="N", help="only N blobs, drawn at random, and no look for orphans"
    )
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    parser.add_argument("--data-dir", help="data directory of the hub (default: GENEPOOL_DATA, else .genepool)")
    return parser


def _verify(arguments: argparse.Namespace) -> int:
    with hub_ready(arguments.data_dir, what="genepool verify"):
        from hub.backups.copying import is_intact
        from hub.catalog.verifying import blobs_verify

        bar = Bar()
        try:
            found = blobs_verify(
                sample=None if arguments.sample is None else max(0, arguments.sample),
                is_intact=is_intact,
                tell=bar_tell(bar),
            )
        finally:
            bar.clear()
    lines = [f"Read {found.checked} blobs, {size_text(found.checked_bytes)}."]
    for word, damages in (("missing", found.missing), ("damaged", found.corrupt)):
        for damage in damages:
            lines.append(f"{word}: {damage.sha256} ({size_text(damage.size_bytes)})")
            places = [
                *damage.files,
                *(f"{name}, in its history" for name in damage.repos if not _named(name, damage.files)),
            ]
            lines += [f"  {place}" for place in places] or ["  in no repo: an evaluation's answers, or on its way out"]
    lines += [f"orphan: {damage.sha256} ({size_text(damage.size_bytes)})" for damage in found.orphans]
    if found.missing or found.corrupt:
        lines.append("Bring them back with `genepool restore` from a backup, or upload the files again.")
    if found.orphans:
        lines.append("Orphans hurt nobody. `genepool gc --orphans` removes them.")
    if found.is_sound:
        lines.append("All is well.")
    end(found.as_dict(), lines, as_json=arguments.json)
    return 0 if found.is_sound else 1


def _named(repo: str, files: tuple[str, ...]) -> bool:
    return any(place.startswith(f"{repo}@") for place in files)

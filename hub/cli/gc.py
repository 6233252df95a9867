"""`genepool gc`: clears away at once what the hub clears away every night."""

import argparse

from hub.cli.own_hub import hub_ready
from hub.cli.telling import end, explained
from workers.planning.wording import size_text


def main(argv: list[str]) -> int:
    arguments = _parser().parse_args(argv)
    return explained(lambda: _collect(arguments))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="genepool gc",
        description="Marks what nothing names any more, and removes what was marked a week ago: commits that no branch or tag leads to, "
        "their folders, and blobs. Also what has been kept long enough: logs, tokens, uploads. The hub does the same every night.",
        epilog="Exit code 0: done. 1: not finished, because a backup runs or the hub could not be reached.",
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would go; change nothing")
    parser.add_argument("--wait-days", type=int, metavar="N", help="remove what was marked N days ago (default 7)")
    parser.add_argument(
        "--orphans", action="store_true", help="also bytes in the store that no row names; only if no other hub uses it"
    )
    parser.add_argument("--json", action="store_true", help="print figures as JSON")
    parser.add_argument("--data-dir", help="data directory of the hub (default: GENEPOOL_DATA, else .genepool)")
    return parser


def _collect(arguments: argparse.Namespace) -> int:
    with hub_ready(arguments.data_dir, what="genepool gc"):
        from hub.blobs.keeping import bytes_drop
        from hub.blobs.services import driver
        from hub.catalog.verifying import orphans
        from hub.config.housekeeping import chores_run, collect

        chores = [] if arguments.dry_run else list(chores_run())
        wait_days = None if arguments.wait_days is None else max(0, arguments.wait_days)
        found = collect(is_dry_run=arguments.dry_run, wait_days=wait_days)
        left = list(orphans(driver())) if arguments.orphans else []
        gone = [
            (sha256, size) for sha256, size in left if arguments.dry_run or bytes_drop(sha256=sha256, driver=driver())
        ]
    would = "would go" if arguments.dry_run else "went"
    lines = [f"{chore.label}: {'failed, see the log' if count is None else count}" for chore, count in chores]
    lines += [
        f"commits that no ref leads to: {found.commits_deleted} {would}, {found.commits_marked} newly marked",
        f"folders: {found.trees_deleted} {would}",
        f"blobs: {found.blobs_deleted} {would} ({size_text(found.bytes_deleted)}), {found.blobs_marked} newly marked",
        f"own bytes of files kept as differences: {found.plain_deleted} {would} ({size_text(found.plain_bytes_deleted)})",
        f"waiting for their week: {found.waiting_blobs} blobs, {size_text(found.waiting_bytes)}",
    ]
    if arguments.orphans:
        lines.append(f"orphans: {len(gone)} {would} ({size_text(sum(size for _, size in gone))})")
    if found.has_backup:
        lines.append("A backup is running: blobs are removed the next time.")
    summary = {
        **found.as_dict(), "chores": {chore.name: count for chore, count in chores},
        "orphans_deleted": len(gone), "orphan_bytes": sum(size for _, size in gone),
    }  # fmt: skip
    end(summary, lines, as_json=arguments.json)
    return 0 if found.is_complete else 1

"""`genepool restore DIR`: a snapshot back into an empty hub."""

import argparse
from pathlib import Path

from hub.backups.folder import snapshot_choose
from hub.backups.manifest import SECRETS
from hub.backups.secrets import NAMES, secrets_place, secrets_read
from hub.cli.own_hub import hub_to_fill
from hub.cli.telling import bar_tell, end, explained
from workers.planning.wording import size_text
from workers.terminal import Bar


def main(argv: list[str]) -> int:
    arguments = _parser().parse_args(argv)
    return explained(lambda: _restore(arguments))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="genepool restore",
        description="Brings a snapshot that `genepool backup` wrote into an empty data directory, or into the database and the store that "
        "DATABASE_URL and STORAGE_URL name. Every blob is hashed on its way; the database is replaced in one transaction, or not at all. "
        "Stopped half-way, run it again: it goes on.",
        epilog="Exit code 0: restored. 1: nothing was changed in the database; the message says why.",
    )
    parser.add_argument("folder", metavar="DIR", type=Path, help="what was given to genepool backup")
    parser.add_argument("--snapshot", metavar="NAME", help="another than the latest one, such as 20261121T031700Z")
    parser.add_argument("--force", action="store_true", help="replace everything in a database that is not empty")
    parser.add_argument(
        "--new-secrets", action="store_true", help="go on with other secrets: old access tokens will not count"
    )
    parser.add_argument("--copy", action="store_true", help="copy blobs also where a hard link would do")
    parser.add_argument(
        "--dry-run", action="store_true", help="hash the whole snapshot and say what is damaged; change nothing"
    )
    parser.add_argument("--json", action="store_true", help="print figures as JSON")
    parser.add_argument("--data-dir", help="data directory to restore into (default: GENEPOOL_DATA, else .genepool)")
    return parser


def _restore(arguments: argparse.Namespace) -> int:
    folder, snapshot, manifest = snapshot_choose(arguments.folder, arguments.snapshot)
    bar = Bar()
    if arguments.dry_run:
        return _dry_run(arguments, bar)
    saved = {} if arguments.new_secrets else secrets_read(snapshot)

    def prepare(place: Path) -> dict[str, str]:
        if not any((place / name).exists() for name in NAMES):
            secrets_place(saved, place)
            return {}
        # A hub was here. Its secrets stay until its database is gone.
        return {f"{name.upper()}_FILE": str(snapshot / SECRETS / name) for name in saved} if arguments.force else {}

    with hub_to_fill(arguments.data_dir, what="genepool restore", prepare=prepare) as services:
        from hub.backups.restoring import backup_restore

        try:
            done = backup_restore(
                folder=folder, snapshot=snapshot, manifest=manifest, is_forced=arguments.force,
                has_new_secrets=arguments.new_secrets, may_link=not arguments.copy, tell=bar_tell(bar),
            )  # fmt: skip
        finally:
            bar.clear()
        if services is not None:
            secrets_place(saved, services.layout.secrets)
    counts = ", ".join(f"{count} {label.replace('_', ' ')}" for label, count in manifest.counts.items())
    lines = [
        f"Restored {snapshot}, of {manifest.created_at}",
        f"  {counts}",
        f"  {manifest.blob_count - len(manifest.missing)} blobs, {size_text(manifest.blob_bytes)}: "
        f"{done.copied.copied} copied, {done.copied.linked} linked, {done.copied.present} there already",
    ]
    if done.migrations_run:
        lines.append(f"  brought up to date by {done.migrations_run} migrations")
    lines += [f"  was missing when the backup was made: {sha256}" for sha256 in manifest.missing]
    end(done.summary(), lines, as_json=arguments.json)
    return 0


def _dry_run(arguments: argparse.Namespace, bar: Bar) -> int:
    from hub.backups.checking import snapshot_verify

    folder, snapshot, manifest = snapshot_choose(arguments.folder, arguments.snapshot)
    try:
        damaged = snapshot_verify(folder=folder, snapshot=snapshot, manifest=manifest, tell=bar_tell(bar))
    finally:
        bar.clear()
    lines = [
        f"{snapshot}: {manifest.blob_count} blobs, {size_text(manifest.blob_bytes)}, {len(damaged)} damaged or gone",
        *damaged,
    ]
    end({"snapshot": str(snapshot), "blobs": manifest.blob_count, "damaged": damaged}, lines, as_json=arguments.json)
    return 1 if damaged else 0

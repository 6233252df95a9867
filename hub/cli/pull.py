"""`genepool pull ns/name DIR`: download a repo from a hub, each file checked against its hash."""

import argparse
import sys
from pathlib import Path

from hub.cli.client import hub_url
from hub.cli.transfer import environment_prepare, explained, matches, token_or_none_at_all
from hub.cli.verified import file_differs


def main(argv: list[str]) -> int:
    arguments = _parser().parse_args(argv)
    if Path(arguments.folder).is_file():
        sys.stderr.write(f"genepool: {arguments.folder} is a file. Name a folder.\n")
        return 2
    environment_prepare()
    return explained(lambda: _pull(arguments))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="genepool pull",
        description="Downloads a repo into a folder. What is there already and the same is not fetched again, what is half there is "
        "gone on with, and every file is checked against its hash at the end. "
        "GENEPOOL_URL says which hub (default http://127.0.0.1:8000), GENEPOOL_TOKEN who asks.",
    )
    parser.add_argument("repo", metavar="NS/NAME")
    parser.add_argument("folder", metavar="DIR")
    parser.add_argument("--revision", help="branch, tag or commit (default: main)")
    parser.add_argument("--type", choices=("model", "dataset"), default="model")
    parser.add_argument("--include", metavar="PATTERN", action="append", help="only files like this; may be repeated")
    parser.add_argument("--exclude", metavar="PATTERN", action="append", help="no files like this; may be repeated")
    return parser


def _pull(arguments: argparse.Namespace) -> int:
    from huggingface_hub import HfApi, snapshot_download

    api = HfApi(endpoint=hub_url(), token=token_or_none_at_all())
    # One commit for list and files: a branch may move while it is read.
    commit = api.repo_info(arguments.repo, repo_type=arguments.type, revision=arguments.revision).sha
    wanted = [
        entry
        for entry in api.list_repo_tree(arguments.repo, repo_type=arguments.type, revision=commit, recursive=True)
        if hasattr(entry, "blob_id") and _is_meant(entry.path, arguments)
    ]
    if not wanted:
        sys.stderr.write(f"genepool: no file of {arguments.repo} is meant. Look at --include and --exclude.\n")
        return 1
    root = Path(arguments.folder)
    for again in (False, True):
        # What is spoilt on disk goes first: the client takes a file that it once wrote for the file it wrote.
        for entry in wanted:
            if file_differs(root / entry.path, entry):
                (root / entry.path).unlink()
        folder = snapshot_download(
            arguments.repo, repo_type=arguments.type, revision=commit, local_dir=root, endpoint=hub_url(),
            token=token_or_none_at_all(), allow_patterns=arguments.include, ignore_patterns=arguments.exclude, max_workers=8,
        )  # fmt: skip
        spoilt = [entry.path for entry in wanted if file_differs(root / entry.path, entry)]
        if not spoilt or again:
            break
    if spoilt:
        sys.stderr.write(
            f"genepool: {spoilt[0]} does not have the content that its hash says, twice over. Check the disk and the line.\n"
        )
        return 1
    sys.stdout.write(f"{folder}\n")
    return 0


def _is_meant(name: str, arguments: argparse.Namespace) -> bool:
    return (arguments.include is None or matches(name, arguments.include)) and not matches(
        name, arguments.exclude or ()
    )

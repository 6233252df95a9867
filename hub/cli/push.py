"""`genepool push DIR ns/name`: upload a folder to a hub."""

import argparse
import sys
from pathlib import Path

from hub.cli.client import hub_url
from hub.cli.transfer import environment_prepare, explained, token_or_none_at_all


def main(argv: list[str]) -> int:
    arguments = _parser().parse_args(argv)
    folder = Path(arguments.folder)
    if not folder.is_dir():
        sys.stderr.write(f"genepool: {folder} is not a folder.\n")
        return 2
    environment_prepare()
    return explained(lambda: _push(folder, arguments))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="genepool push",
        description="Uploads a folder as one commit; the repo is made when it is not there. "
        "GENEPOOL_URL says which hub (default http://127.0.0.1:8000), GENEPOOL_TOKEN who asks (scope write).",
    )
    parser.add_argument("folder", metavar="DIR")
    parser.add_argument("repo", metavar="NS/NAME")
    seen = parser.add_mutually_exclusive_group()
    seen.add_argument("--private", action="store_true", help="a new repo is seen by you and its organisation (default)")
    seen.add_argument("--public", action="store_true", help="a new repo is seen by everybody")
    parser.add_argument("--type", choices=("model", "dataset"), default="model")
    parser.add_argument("--message", help="title of the commit")
    return parser


def _push(folder: Path, arguments: argparse.Namespace) -> int:
    from huggingface_hub import HfApi

    api = HfApi(endpoint=hub_url(), token=token_or_none_at_all())
    api.create_repo(arguments.repo, repo_type=arguments.type, private=not arguments.public, exist_ok=True)
    commit = api.upload_folder(
        repo_id=arguments.repo, repo_type=arguments.type, folder_path=folder,
        commit_message=arguments.message or f"Upload {folder.resolve().name}",
    )  # fmt: skip
    prefix = "datasets/" if arguments.type == "dataset" else ""
    sys.stdout.write(f"{arguments.repo}@{commit.oid[:7]}\n")
    is_private = bool(api.repo_info(arguments.repo, repo_type=arguments.type).private)
    sys.stderr.write(f"It is {'private' if is_private else 'public'}: {hub_url()}/{prefix}{arguments.repo}\n")
    if (arguments.private and not is_private) or (arguments.public and is_private):
        sys.stderr.write("genepool: it was there already, and pushing does not change who sees it.\n")
    return 0

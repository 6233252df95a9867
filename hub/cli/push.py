"""`genepool push DIR ns/name`: upload a folder to a hub."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from hub.cli.client import hub_url
from hub.cli.transfer import environment_prepare, explained, token_or_none_at_all

if TYPE_CHECKING:
    from huggingface_hub import HfApi


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
    from huggingface_hub.errors import HfHubHTTPError

    api = HfApi(endpoint=hub_url(), token=token_or_none_at_all())
    is_new = not api.repo_exists(arguments.repo, repo_type=arguments.type)
    api.create_repo(arguments.repo, repo_type=arguments.type, private=not arguments.public, exist_ok=True)
    try:
        commit = api.upload_folder(
            repo_id=arguments.repo, repo_type=arguments.type, folder_path=folder,
            commit_message=arguments.message or f"Upload {folder.resolve().name}",
        )  # fmt: skip
    except HfHubHTTPError:
        if is_new:
            _withdraw(api, arguments)
        raise
    prefix = "datasets/" if arguments.type == "dataset" else ""
    sys.stdout.write(f"{arguments.repo}@{commit.oid[:7]}\n")
    is_private = bool(api.repo_info(arguments.repo, repo_type=arguments.type).private)
    sys.stderr.write(f"It is {'private' if is_private else 'public'}: {hub_url()}/{prefix}{arguments.repo}\n")
    if (arguments.private and not is_private) or (arguments.public and is_private):
        sys.stderr.write("genepool: it was there already, and pushing does not change who sees it.\n")
    return 0


def _withdraw(api: "HfApi", arguments: argparse.Namespace) -> None:
    """Nothing was taken of the first push: the repo made for it goes too, when nobody put anything else there."""
    if api.list_repo_files(arguments.repo, repo_type=arguments.type) == [".gitattributes"]:
        api.delete_repo(arguments.repo, repo_type=arguments.type, missing_ok=True)

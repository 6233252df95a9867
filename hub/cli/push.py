"""`genepool push DIR ns/name`: upload a folder to a hub."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hub.cli.client import hub_url
from hub.cli.transfer import environment_prepare, explained, files_chosen, token_or_none_at_all
from workers.planning.wording import counted, size_text

if TYPE_CHECKING:
    from huggingface_hub import HfApi

# Fewer than a hub's process takes uploads at once (hub.hfapi.places): what is refused for lack of a place is waited for, and that is slower.
THREADS = 4


def main(argv: list[str]) -> int:
    arguments = _parser().parse_args(argv)
    folder = Path(arguments.folder)
    if not folder.is_dir():
        sys.stderr.write(f"genepool: {folder} is not a folder.\n")
        return 2
    files = files_chosen(folder, arguments.include, arguments.exclude)
    if not files:
        sys.stderr.write(f"genepool: no file of {folder} is meant. Look at --include and --exclude.\n")
        return 2
    environment_prepare()
    return explained(lambda: push(folder, files, arguments))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="genepool push",
        description="Uploads a folder as one commit; the repo is made when it is not there. What the hub has already is not sent "
        "again, so the same command goes on where it was stopped. "
        "GENEPOOL_URL says which hub (default http://127.0.0.1:8000), GENEPOOL_TOKEN who asks (scope write).",
    )
    parser.add_argument("folder", metavar="DIR")
    parser.add_argument("repo", metavar="NS/NAME")
    parser.add_argument("--type", choices=("model", "dataset"), default="model")
    push_options(parser)
    return parser


def push_options(parser: argparse.ArgumentParser) -> None:
    """What `data push` takes too."""
    seen = parser.add_mutually_exclusive_group()
    seen.add_argument("--private", action="store_true", help="a new repo is seen by you and its organisation (default)")
    seen.add_argument("--public", action="store_true", help="a new repo is seen by everybody")
    parser.add_argument(
        "--revision", metavar="BRANCH", help="commit to this branch; it is made when it is not there (default: main)"
    )
    parser.add_argument(
        "--include",
        metavar="PATTERN",
        action="append",
        help="only files like this, such as '*.safetensors'; may be repeated",
    )
    parser.add_argument("--exclude", metavar="PATTERN", action="append", help="no files like this; may be repeated")
    parser.add_argument("--message", help="title of the commit")


def push(folder: Path, files: list[str], arguments: argparse.Namespace, extra: dict[str, bytes] | None = None) -> int:
    """One commit with `files` of `folder`, and `extra` by name. A repo made for a push that was refused goes again."""
    from huggingface_hub import CommitOperationAdd, HfApi
    from huggingface_hub.errors import HfHubHTTPError

    api = HfApi(endpoint=hub_url(), token=token_or_none_at_all())
    is_new = not api.repo_exists(arguments.repo, repo_type=arguments.type)
    api.create_repo(arguments.repo, repo_type=arguments.type, private=not arguments.public, exist_ok=True)
    root = folder.resolve()
    _announce(root, files)
    operations: list[Any] = [CommitOperationAdd(name, root / name) for name in files]
    operations += [CommitOperationAdd(name, content) for name, content in (extra or {}).items()]
    try:
        if arguments.revision:
            api.create_branch(arguments.repo, repo_type=arguments.type, branch=arguments.revision, exist_ok=True)
        commit = api.create_commit(
            arguments.repo, operations, repo_type=arguments.type, revision=arguments.revision, num_threads=THREADS,
            commit_message=arguments.message or f"Upload {root.name}",
        )  # fmt: skip
    except (HfHubHTTPError, RuntimeError, OSError):
        if is_new:
            _withdraw(api, arguments)
        raise
    _closing(api, arguments, commit.oid)
    return 0


def _announce(root: Path, files: list[str]) -> None:
    if sys.stderr.isatty():
        total = sum((root / name).stat().st_size for name in files)
        sys.stderr.write(f"{counted(len(files), 'file')}, {size_text(total)}\n")


def _closing(api: "HfApi", arguments: argparse.Namespace, oid: str) -> None:
    prefix = "datasets/" if arguments.type == "dataset" else ""
    sys.stdout.write(f"{arguments.repo}@{oid[:7]}\n")
    is_private = bool(api.repo_info(arguments.repo, repo_type=arguments.type).private)
    sys.stderr.write(f"It is {'private' if is_private else 'public'}: {hub_url()}/{prefix}{arguments.repo}\n")
    if (arguments.private and not is_private) or (arguments.public and is_private):
        sys.stderr.write("genepool: it was there already, and pushing does not change who sees it.\n")


def _withdraw(api: "HfApi", arguments: argparse.Namespace) -> None:
    """Nothing was taken of the first push: the repo made for it goes too, when nobody put anything else there."""
    if api.list_repo_files(arguments.repo, repo_type=arguments.type) == [".gitattributes"]:
        api.delete_repo(arguments.repo, repo_type=arguments.type, missing_ok=True)

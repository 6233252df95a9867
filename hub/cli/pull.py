"""`genepool pull ns/name DIR`: download a repo from a hub."""

import argparse
import sys
from pathlib import Path

from hub.cli.client import hub_url
from hub.cli.transfer import environment_prepare, explained, token_or_none_at_all


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
        description="Downloads a repo into a folder; what is there already and the same is not fetched again. "
        "GENEPOOL_URL says which hub (default http://127.0.0.1:8000), GENEPOOL_TOKEN who asks.",
    )
    parser.add_argument("repo", metavar="NS/NAME")
    parser.add_argument("folder", metavar="DIR")
    parser.add_argument("--revision", help="branch, tag or commit (default: main)")
    parser.add_argument("--type", choices=("model", "dataset"), default="model")
    return parser


def _pull(arguments: argparse.Namespace) -> int:
    from huggingface_hub import snapshot_download

    folder = snapshot_download(
        arguments.repo, repo_type=arguments.type, revision=arguments.revision, local_dir=arguments.folder,
        endpoint=hub_url(), token=token_or_none_at_all(),
    )  # fmt: skip
    sys.stdout.write(f"{folder}\n")
    return 0

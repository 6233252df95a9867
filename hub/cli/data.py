"""`genepool data push DIR ns/name`: make or update a dataset repo from a folder."""

import argparse
import sys
from pathlib import Path, PurePosixPath

from hub.cli.push import push, push_options
from hub.cli.transfer import environment_prepare, explained, files_chosen

TABLES = (".parquet", ".jsonl", ".json", ".csv", ".tsv")
TENSORS, IMAGES = (".safetensors",), (".png", ".jpg", ".jpeg", ".webp")
SPLITS = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "val", "dev"),
    "test": ("test", "testing", "eval"),
}
CARD = "README.md"


def main(argv: list[str]) -> int:
    arguments = _parser().parse_args(argv)
    folder = Path(arguments.folder)
    if not folder.is_dir():
        sys.stderr.write(f"genepool: {folder} is not a folder.\n")
        return 2
    files = files_chosen(folder, arguments.include, arguments.exclude)
    data = [name for name in files if name.lower().endswith((*TABLES, *TENSORS, *IMAGES))]
    if not data:
        kinds = ", ".join((*TABLES, *TENSORS, *IMAGES))
        sys.stderr.write(f"genepool: there is no data in {folder}. A dataset is made of files that end in {kinds}.\n")
        return 2
    arguments.type = "dataset"
    environment_prepare()
    return explained(lambda: _push(folder, files, data, arguments))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="genepool data", description="Datasets on a hub.")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    one = actions.add_parser(
        "push",
        help="make or update a dataset from a folder",
        description="Uploads a folder of tables (parquet, jsonl, csv), tensors (safetensors) or images as a dataset. Splits are read from "
        "the names: train, validation, test. Without a README.md one is written that lists them. "
        "GENEPOOL_URL says which hub (default http://127.0.0.1:8000), GENEPOOL_TOKEN who asks (scope write).",
    )
    one.add_argument("folder", metavar="DIR")
    one.add_argument("repo", metavar="NS/NAME")
    push_options(one)
    return parser


def _push(folder: Path, files: list[str], data: list[str], arguments: argparse.Namespace) -> int:
    from huggingface_hub import HfApi

    from hub.cli.client import hub_url
    from hub.cli.transfer import token_or_none_at_all

    extra = {}
    if CARD not in files:
        api = HfApi(endpoint=hub_url(), token=token_or_none_at_all())
        is_there = api.repo_exists(arguments.repo, repo_type="dataset") and api.file_exists(
            arguments.repo, CARD, repo_type="dataset"
        )
        if not is_there:  # a card that somebody wrote stays
            extra[CARD] = card_make(arguments.repo, data).encode()
            sys.stderr.write(
                f"{CARD} was written from the names of the files. Say there where the data comes from and who may use it.\n"
            )
    return push(folder, files, arguments, extra)


def split_of(name: str) -> str:
    """The split that a file belongs to, by a word of its path: `data/train-00000.parquet`, `val/7.png`. Without one, train."""
    words = [word for part in PurePosixPath(name.lower()).parts for word in _words(part)]
    for word in words:
        for split, spellings in SPLITS.items():
            if word in spellings:
                return split
    return "train"


def _words(part: str) -> list[str]:
    return "".join(character if character.isalnum() else " " for character in part).split()


def splits_of(data: list[str]) -> dict[str, list[str]]:
    """Files by split, in the order train, validation, test."""
    found: dict[str, list[str]] = {}
    for name in data:
        found.setdefault(split_of(name), []).append(name)
    return {split: found[split] for split in SPLITS if split in found}


def card_make(repo: str, data: list[str]) -> str:
    """A card with the splits in its front matter, as readers of datasets look for them."""
    splits = splits_of(data)
    lines = ["---", "configs:", "  - config_name: default", "    data_files:"]
    for split, names in splits.items():
        lines += [f"      - split: {split}", "        path:"]
        lines += [f"          - {_quoted(pattern)}" for pattern in _patterns(names)]
    title = repo.partition("/")[2]
    rows = [f"| {split} | {len(names)} |" for split, names in splits.items()]
    return "\n".join([*lines, "---", "", f"# {title}", "", "| split | files |", "|---|---|", *rows, ""])


def _patterns(names: list[str]) -> list[str]:
    """The names themselves, or, of many in one folder with one ending, what fits them all."""
    if len(names) <= 20:
        return sorted(names)
    folders = sorted({(str(PurePosixPath(name).parent), PurePosixPath(name).suffix) for name in names})
    return [f"{'' if folder == '.' else folder + '/'}*{ending}" for folder, ending in folders]


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

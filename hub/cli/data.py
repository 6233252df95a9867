"""`genepool data push DIR ns/name`: look at a folder of data, and make or update a dataset repo from it. `data check` only looks."""

import argparse
import sys
from pathlib import Path, PurePosixPath

from hub.cli.data_look import look_and_tell, task_names
from hub.cli.push import push, push_options
from hub.cli.transfer import environment_prepare, explained, files_chosen
from workers.planning.datasets import ENDINGS, files_by_split, format_of
from workers.planning.refusals import PICKLE_ENDINGS

CARD = "README.md"
# What people keep data in that is not taken, with what to do instead.
_INSTEAD = {
    ".npz": "It is an archive of arrays that may hold pickles. Save the arrays with safetensors.numpy.save_file(arrays, 'data/train.safetensors')",
    ".npy": "Save it as a tensor called features or images, with one called labels beside it: safetensors.numpy.save_file",
    ".json": "Write one object per line and call it .jsonl",
    ".xlsx": "Save the sheet as csv", ".xls": "Save the sheet as csv",
    ".gz": "Unpack it", ".zip": "Unpack it", ".tar": "Unpack it", ".arrow": "Save it as parquet", ".feather": "Save it as parquet",
}  # fmt: skip
_PICKLED = "Such a file can run code when it is opened. Save tables as parquet and arrays as safetensors"


def main(argv: list[str]) -> int:
    arguments = _parser().parse_args(argv)
    folder = Path(arguments.folder)
    if not folder.is_dir():
        sys.stderr.write(f"genepool: {folder} is not a folder.\n")
        return 2
    files = files_chosen(folder, arguments.include, arguments.exclude)
    data = [name for name in files if format_of(name) is not None]
    pickled = [name for name in files if PurePosixPath(name).suffix.lower() in PICKLE_ENDINGS]
    if pickled or not files_by_split(data):
        return _explain(folder, files, pickled)
    if arguments.check and not look_and_tell(folder, files, task=arguments.task, columns=dict(arguments.columns)):
        return 1
    if arguments.repo is None:
        return 0
    arguments.type = "dataset"
    environment_prepare()
    return explained(lambda: _push(folder, files, data, arguments))


def _explain(folder: Path, files: list[str], pickled: list[str]) -> int:
    """Why this folder cannot be a dataset, file by file, and what to do."""
    told = pickled or [name for name in files if PurePosixPath(name).suffix.lower() in _INSTEAD]
    for name in told[:20]:
        sys.stderr.write(
            f"genepool: {name} is not taken. {_INSTEAD.get(PurePosixPath(name).suffix.lower(), _PICKLED)}.\n"
        )
    if not told:
        sys.stderr.write(
            f"genepool: there is no data in {folder}. A dataset is made of files that end in {', '.join(ENDINGS)}.\n"
        )
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="genepool data", description="Datasets on a hub.")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    one = actions.add_parser(
        "push",
        help="make or update a dataset from a folder",
        description="Uploads a folder of tables (parquet, jsonl, csv), tensors (safetensors) or pictures as a dataset. Splits are read from "
        "the names: train, validation, test; pictures lie in a folder for each class. Every row is looked at before anything is "
        "sent: columns, classes, duplicates, examples that stand in two splits. Without a README.md one is written that lists the splits. "
        "GENEPOOL_URL says which hub (default http://127.0.0.1:8000), GENEPOOL_TOKEN who asks (scope write).",
    )
    one.add_argument("folder", metavar="DIR")
    one.add_argument("repo", metavar="NS/NAME")
    push_options(one)
    one.add_argument("--no-check", dest="check", action="store_false", help="send the files without looking into them")
    look = actions.add_parser(
        "check",
        help="look at a folder of data and send nothing",
        description="Says what a folder of data holds and what is wrong with it, as push does first. Exit code 1 when something has to be mended.",
    )
    look.add_argument("folder", metavar="DIR")
    look.add_argument("--include", metavar="PATTERN", action="append", help="only files like this; may be repeated")
    look.add_argument("--exclude", metavar="PATTERN", action="append", help="no files like this; may be repeated")
    look.set_defaults(repo=None, check=True)
    for action in (one, look):
        action.add_argument(
            "--task", choices=task_names(), help="what the data is for: what keeps it from that is an error"
        )
        action.add_argument(
            "--columns", metavar="ROLE=COLUMN", type=_column, action="append", default=[],
            help="which column plays which role of the task, such as text=review; may be repeated",
        )  # fmt: skip
    return parser


def _column(text: str) -> tuple[str, str]:
    role, _, column = text.partition("=")
    if not role or not column:
        raise argparse.ArgumentTypeError(f"{text} is not of the form role=column, such as text=review")
    return role, column


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


def card_make(repo: str, data: list[str]) -> str:
    """A card with the splits in its front matter, as readers of datasets look for them."""
    splits = {split: list(files.files) for split, files in files_by_split(data).items()}
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

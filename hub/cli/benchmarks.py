"""`genepool benchmarks list|show|create|revise|retire` and `genepool leaderboard NAME`."""

import argparse
import sys
from pathlib import Path
from typing import Any

from hub.cli.client import Hub, HubError
from hub.cli.report import error_print, findings_print, json_print
from workers.contracts.documents import load_document
from workers.planning.wording import counted, printable

_HUB = "GENEPOOL_URL says which hub (default http://127.0.0.1:8000), GENEPOOL_TOKEN who asks."
LARGEST_FILE = 1 << 20
_FILTERS = ("licence", "artifact", "base", "params_max", "flops_max", "latency_max", "size_max")


def main(argv: list[str]) -> int:
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.action(Hub(), arguments))
    except HubError as error:
        return error_print(error)


def leaderboard(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="genepool leaderboard", description=f"Who does how well at what cost. {_HUB}")
    parser.add_argument("name", metavar="NAME", help="of a benchmark; genepool benchmarks list says which there are")
    parser.add_argument("--version", type=int, help="of the benchmark (default: the newest)")
    for name in _FILTERS:
        parser.add_argument(f"--{name.replace('_', '-')}", dest=name, help="only entries with this, or at most this")
    parser.add_argument(
        "--sort", default="score", help="score, rank, name, measured, parameters, flops, latency or size"
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON")
    form.add_argument("--csv", action="store_true", help="print CSV")
    options = parser.parse_args(argv)
    asked = {name: getattr(options, name) for name in (*_FILTERS, "sort", "version")}
    try:
        hub = Hub()
        if options.csv:
            sys.stdout.write(hub.csv(f"/leaderboards/{options.name}.csv", **asked))
            return 0
        board = hub.get(f"/leaderboards/{options.name}", **asked)
    except HubError as error:
        return error_print(error)
    if options.json:
        json_print(board)
    else:
        _board_print(board)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="genepool benchmarks", description=f"What can be measured on a hub. {_HUB}")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="those that you may see", description="The benchmarks that you may see.")
    listing.add_argument("--task", help="only of this task, such as text-classification")
    listing.add_argument("--q", help="only with this in name, title or data")
    listing.set_defaults(action=_list)
    show = actions.add_parser("show", help="one benchmark in full", description="One benchmark in full.")
    show.add_argument("name", metavar="NAME")
    show.add_argument("--version", type=int, help="default: the newest")
    show.set_defaults(action=_show)
    create = actions.add_parser(
        "create", help="make one from a definition",
        description="Makes a benchmark from a YAML or JSON file with task, data and split, and where they are needed columns, labels, metrics, slices, cluster, options, limit.",
    )  # fmt: skip
    create.add_argument("name", metavar="NAMESPACE/NAME", help="whose it is, and its name, unique on the hub")
    create.add_argument("file", metavar="FILE", help="the definition; - reads standard input")
    create.add_argument("--title", help="default: the name")
    create.add_argument("--summary", default="")
    create.set_defaults(action=_create)
    revise = actions.add_parser(
        "revise", help="add a version", description="Adds a version; those before stay what they are."
    )
    revise.add_argument("name", metavar="NAME")
    revise.add_argument("file", metavar="FILE", help="the new definition; - reads standard input")
    revise.set_defaults(action=_revise)
    retire = actions.add_parser(
        "retire",
        help="say that a version is not to be used",
        description="Says why the numbers of a version are not to be used.",
    )
    retire.add_argument("name", metavar="NAME@VERSION")
    retire.add_argument("reason", metavar="REASON")
    retire.set_defaults(action=_retire)
    for one in (listing, show, create, revise, retire):
        one.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _list(hub: Hub, arguments: argparse.Namespace) -> int:
    rows: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = hub.get("/benchmarks", task=arguments.task, q=arguments.q, limit=200, cursor=cursor)
        rows, cursor = rows + page["results"], page["next"]
    if arguments.json:
        json_print(rows)
        return 0
    width = max((len(row["name"]) for row in rows), default=0)
    for row in rows:
        retired = "  retired" if row["retired"] else ""
        data = f"{row['data']}, {row['split']}"
        sys.stdout.write(
            printable(f"{row['name']:<{width}}  v{row['number']:<3} {row['task']:<24} {data}{retired}") + "\n"
        )
    if not rows:
        sys.stderr.write("No benchmarks match. `genepool benchmarks create` makes one.\n")
    return 0


def _show(hub: Hub, arguments: argparse.Namespace) -> int:
    return _told(hub.get(f"/benchmarks/{arguments.name}", version=arguments.version), arguments)


def _create(hub: Hub, arguments: argparse.Namespace) -> int:
    namespace, _, name = arguments.name.rpartition("/")
    definition = _definition(arguments.file)
    if not namespace:
        sys.stderr.write(f"genepool: whose is {name}? Write NAMESPACE/{name}.\n")
        return 2
    if definition is None:
        return 2
    body = {"name": name, "namespace": namespace, "title": arguments.title or name, "summary": arguments.summary, "definition": definition}  # fmt: skip
    return _told(hub.post("/benchmarks", body)[1], arguments)


def _revise(hub: Hub, arguments: argparse.Namespace) -> int:
    definition = _definition(arguments.file)
    if definition is None:
        return 2
    return _told(hub.post(f"/benchmarks/{arguments.name}/versions", {"definition": definition})[1], arguments)


def _retire(hub: Hub, arguments: argparse.Namespace) -> int:
    name, _, number = arguments.name.partition("@")
    if not number.isdecimal():
        sys.stderr.write(f"genepool: which version of {name}? Write {name}@1.\n")
        return 2
    return _told(hub.post(f"/benchmarks/{name}/versions/{number}/retire", {"reason": arguments.reason})[1], arguments)


def _definition(path: str) -> dict[str, Any] | None:
    """None where the file cannot be read; then it was said why."""
    try:
        text = sys.stdin.read(LARGEST_FILE) if path == "-" else Path(path).read_bytes()[:LARGEST_FILE].decode()
    except (OSError, UnicodeDecodeError):
        sys.stderr.write(f"genepool: {path} cannot be read as text.\n")
        return None
    document, findings = load_document(text)
    findings_print(finding.model_dump() for finding in findings)
    if not isinstance(document, dict):
        if not findings:
            sys.stderr.write(f"genepool: {path} must hold keys and values: task, data, split …\n")
        return None
    return dict(document)


def _told(body: dict[str, Any], arguments: argparse.Namespace) -> int:
    if arguments.json:
        json_print(body)
        return 0
    rows = [
        ("benchmark", f"{body['name']}@{body['number']}"), ("title", body["title"]), ("summary", body["summary"]),
        ("whose", body["namespace"] or "built in"), ("task", body["task"]), ("data", body["definition"]["data"]), ("split", body["split"]),
        ("examples", counted(body["examples"], "example") if body["examples"] >= 0 else "known after the first measurement"),
        ("ranked by", body["metric"]), ("retired", body["retired"]), ("versions", ", ".join(str(row["number"]) for row in body["versions"])),
        ("digest", body["digest"]),
    ]  # fmt: skip
    for name, value in rows:
        if value:
            sys.stdout.write(printable(f"{name:<10} {value}") + "\n")
    return 0


def _board_print(board: dict[str, Any]) -> None:
    """A rank is an interval: entries share places where their answers do not tell them apart."""
    metric = board["metric"]
    sys.stdout.write(printable(f"{board['title']} ({board['benchmark']}@{board['version']}), {metric}") + "\n")
    if board["retired"]:
        sys.stdout.write(printable(f"Retired: {board['retired']}") + "\n")
    width = max((len(row["model"]) for row in board["results"]), default=0)
    for row in board["results"]:
        interval = (
            f"{row['low']:.4f} to {row['high']:.4f}" if row["low"] is not None and row["high"] is not None else "–"
        )
        score = f"{row['score']:.4f}" if row["score"] is not None else "–"
        note = f"  {row['invalid']}" if row["invalid"] else ""
        sys.stdout.write(
            printable(f"{_rank(row):>7}  {row['model']:<{width}}  {score:>9}  {interval:<20}{note}") + "\n"
        )
    if not board["results"]:
        sys.stderr.write(
            "Nothing that matches was measured. `genepool submit` with a recipe of the kind evaluate does.\n"
        )
    if board["noise"]:
        apart = board["noise"]["difference"]
        words = f"stay within {apart:.4f} of each other" if apart else "give the same number"
        sys.stdout.write(f"Two runs of one model {words}.\n")


def _rank(row: dict[str, Any]) -> str:
    low, high = row["rank_low"], row["rank_high"]
    return "–" if low is None else f"{low}" if low == high else f"{low}–{high}"

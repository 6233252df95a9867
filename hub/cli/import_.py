"""`genepool import hf:org/name[@revision]`: take a repo over from another hub."""

import argparse
import os
import sys

from hub.cli.client import Hub, HubError
from hub.cli.report import error_print, json_print
from hub.cli.watch import Watcher


def main(argv: list[str]) -> int:
    arguments = _parser().parse_args(argv)
    body = {
        "source": arguments.source if ":" in arguments.source else f"hf:{arguments.source}",
        "type": arguments.type,
        "mode": "metadata" if arguments.metadata else "mirror",
        "target": arguments.to,
        "endpoint": arguments.endpoint,
        # SECURITY: not an option of the command, or it would stand in the list of processes and in the shell's history.
        "token": os.environ.get("GENEPOOL_SOURCE_TOKEN", "").strip() or None,
        "all_refs": arguments.all_refs,
        "refresh": arguments.refresh,
    }
    hub = Hub()
    try:
        _, origin = hub.post("/imports", body)
        if arguments.json and not arguments.watch:
            json_print(origin)
            return 0
        sys.stderr.write(
            f"Job {origin['job']} imports {origin['source']} into {origin['target']}: {hub.url}/jobs/{origin['job']}\n"
        )
        code = Watcher(hub, str(origin["job"])).run() if arguments.watch else 0
        if arguments.watch and code == 0:
            _left_out(hub.get(f"/imports/{origin['id']}"), is_json=arguments.json)
        return code
    except HubError as error:
        return error_print(error)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="genepool import",
        description="Takes a repo over from another hub that speaks the HF protocol. GENEPOOL_URL says into which hub (default "
        "http://127.0.0.1:8000), GENEPOOL_TOKEN who asks, GENEPOOL_SOURCE_TOKEN holds a token of the other hub for what is private there.",
        epilog="The hub does the work, as a job: it goes on when this command has ended, and after every crash.",
    )
    parser.add_argument("source", metavar="hf:ORG/NAME[@REVISION]")
    parser.add_argument("--to", metavar="NS/NAME", help="the repo here (default: its name, in your namespace)")
    parser.add_argument("--type", choices=("model", "dataset"), default="model")
    parser.add_argument(
        "--metadata", action="store_true", help="card, configuration and headers; the weights stay there"
    )
    parser.add_argument("--all-refs", action="store_true", help="every branch and tag, not one revision alone")
    parser.add_argument(
        "--endpoint", metavar="URL", help="another hub than the one hf: means, if its administrator allows it"
    )
    parser.add_argument("--refresh", action="store_true", help="look again every night, where the hub does that")
    parser.add_argument("--watch", action="store_true", help="follow it until it ends; Ctrl-C leaves it running")
    parser.add_argument("--json", action="store_true", help="print the import as JSON")
    return parser


def _left_out(origin: dict, *, is_json: bool) -> None:
    if is_json:
        json_print(origin)
        return
    missing = origin["remote_files"]
    if missing:
        sys.stderr.write(
            f"{len(missing)} {'file is' if len(missing) == 1 else 'files are'} at the source alone, such as {missing[0]['path']}: {missing[0]['reason']}\n"
        )

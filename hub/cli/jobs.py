"""`genepool jobs list|show|watch|cancel|retry`."""

import argparse
import sys

from hub.cli.client import Hub, HubError
from hub.cli.report import error_print, job_line, job_print, json_print
from hub.cli.watch import Watcher

STATES = ("queued", "running", "succeeded", "failed", "errored", "cancelling", "cancelled")


def main(argv: list[str]) -> int:
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.action(Hub(), arguments))
    except HubError as error:
        return error_print(error)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="genepool jobs",
        description="Your jobs on a hub. GENEPOOL_URL says which hub (default http://127.0.0.1:8000), GENEPOOL_TOKEN who asks.",
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="newest first", description="Your jobs, newest first.")
    listing.add_argument("--state", choices=STATES, help="only these")
    listing.add_argument("--kind", help="only of this kind, such as merge")
    listing.add_argument("--limit", type=int, default=20, help="at most so many (default 20, at most 200)")
    listing.add_argument("--json", action="store_true", help="print JSON")
    listing.set_defaults(action=_list)
    for name, action, summary in (
        ("show", _show, "one job in full"),
        ("watch", _watch, "follow a job until it ends; Ctrl-C leaves it running"),
        ("cancel", _cancel, "stop a job"),
        ("retry", _retry, "run a job again that did not succeed"),
    ):
        one = actions.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
        one.add_argument("job", metavar="JOB", help="its number or id")
        one.set_defaults(action=action)
        if name != "watch":
            one.add_argument("--json", action="store_true", help="print JSON")
        if name == "retry":
            one.add_argument(
                "--reproduce", action="store_true", help="run a job again that succeeded, and compare the weights"
            )
            one.add_argument("--watch", action="store_true", help="follow it until it ends")
    return parser


def _list(hub: Hub, arguments: argparse.Namespace) -> int:
    page = hub.get("/jobs", state=arguments.state, kind=arguments.kind, limit=arguments.limit)
    if arguments.json:
        json_print(page)
    for job in [] if arguments.json else page["results"]:
        sys.stdout.write(job_line(job) + "\n")
    if not page["results"] and not arguments.json:
        sys.stderr.write("No jobs match. `genepool submit RECIPE` starts one.\n")
    return 0


def _show(hub: Hub, arguments: argparse.Namespace) -> int:
    job = hub.get(f"/jobs/{arguments.job}")
    (json_print if arguments.json else job_print)(job)
    return 0


def _watch(hub: Hub, arguments: argparse.Namespace) -> int:
    return Watcher(hub, arguments.job).run()


def _cancel(hub: Hub, arguments: argparse.Namespace) -> int:
    _, job = hub.post(f"/jobs/{arguments.job}/cancel")
    if arguments.json:
        json_print(job)
    else:
        ending = (
            "is cancelled"
            if job["state"] == "cancelled"
            else "was asked to stop; it is cancelled when its process is gone"
        )
        sys.stderr.write(f"Job {job['number']} {ending}.\n")
    return 0


def _retry(hub: Hub, arguments: argparse.Namespace) -> int:
    _, job = hub.post(f"/jobs/{arguments.job}/retry", {"reproduce": arguments.reproduce})
    if arguments.json and not arguments.watch:
        json_print(job)
    else:
        sys.stderr.write(f"Job {job['number']} is queued: {job['page']}\n")
    return Watcher(hub, str(job["number"])).run() if arguments.watch else 0

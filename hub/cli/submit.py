"""`genepool submit RECIPE`: send a recipe to a hub."""

import argparse
import sys
import uuid
from pathlib import Path
from typing import Any

from hub.cli.client import Hub, HubError
from hub.cli.report import error_print, json_print
from hub.cli.watch import Watcher
from workers.contracts.findings import Finding
from workers.contracts.parsing import load_document
from workers.terminal import show_findings

SIZE_LIMIT = 2**20


def main(argv: list[str]) -> int:
    arguments = _parser().parse_args(argv)
    try:
        recipe = _recipe(arguments.recipe, arguments.to)
    except OSError as error:
        sys.stderr.write(f"genepool: {arguments.recipe} cannot be read: {error.strerror}.\n")
        return 2
    except ValueError as error:
        sys.stderr.write(f"genepool: {error}\n")
        return 2
    hub = Hub()
    try:
        # The key makes it safe to send the same request again when the answer was lost on the way.
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        status, job = hub.post("/jobs", {"recipe": recipe, "force": arguments.force}, headers=headers)
        if status == 201:
            _warn(job)
        _announce(status, job, is_json=arguments.json and not arguments.watch)
        code = Watcher(hub, str(job["number"])).run() if arguments.watch else 0
        if arguments.watch and arguments.json and code in (0, 1):
            json_print(hub.get(f"/jobs/{job['id']}"))
        return code
    except HubError as error:
        if arguments.json and error.problem:
            json_print(error.problem)
        return error_print(error)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="genepool submit",
        description="Sends a recipe to a hub. GENEPOOL_URL says which (default http://127.0.0.1:8000), GENEPOOL_TOKEN who asks.",
        epilog="Exit code: 0 submitted, or succeeded with --watch; 1 refused or failed; 2 the recipe cannot be read.",
    )
    parser.add_argument("recipe", metavar="RECIPE", help="a YAML or JSON file; - reads standard input")
    parser.add_argument("--to", metavar="NS/NAME", help="where the result goes, instead of what the recipe says")
    parser.add_argument("--watch", action="store_true", help="follow the job until it ends; Ctrl-C leaves it running")
    parser.add_argument("--force", action="store_true", help="run it even if an identical job has finished")
    parser.add_argument("--json", action="store_true", help="print the job as JSON")
    return parser


def _recipe(path: str, to: str | None) -> Any:
    """The text as it stands, so that findings name its lines; an object where `--to` changes it."""
    text = sys.stdin.read(SIZE_LIMIT + 1) if path == "-" else Path(path).read_text(encoding="utf-8", errors="replace")
    if len(text) > SIZE_LIMIT:
        raise ValueError(f"{path} is larger than {SIZE_LIMIT} bytes. A recipe names models; it does not hold them.")
    if to is None:
        return text
    document, findings = load_document(text)
    if findings or not isinstance(document, dict):
        return text  # the hub says what is wrong, with its line
    output = document.get("output")
    return {**document, "output": {**(output if isinstance(output, dict) else {}), "repo": to}}


def _warn(job: dict[str, Any]) -> None:
    """What `genepool check` would have said: the job is there all the same."""
    findings = [Finding.model_validate(entry) for entry in job["check"].get("findings", ())]
    show_findings(found for found in findings if found.severity == "warning")


def _announce(status: int, job: dict[str, Any], *, is_json: bool) -> None:
    if is_json:
        json_print(job)
        return
    known = "made this before" if job["state"] == "succeeded" else "is there already"
    words = (
        f"Job {job['number']} is submitted" if status == 201 else f"Job {job['number']} {known}; --force runs it again"
    )
    sys.stderr.write(f"{words}: {job['page']}\n")

"""Runs the checks against the hub at HF_ENDPOINT and writes a line of JSON for each. Started by `run.py` in a client's environment."""

import argparse
import json
import sys
import time
import traceback
import warnings
from pathlib import Path

from kit import CHECKS, Check, NotApplicable, Stage


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=Path, required=True, help="a JSON file: names and tokens")
    parser.add_argument("--set", choices=("client", "models"), default="client")
    parser.add_argument("--only", type=int, nargs="*", default=[])
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    load(given.set)
    stage = Stage(json.loads(given.people.read_text()))
    failed = 0
    for one in sorted(CHECKS, key=lambda check: check.number):
        if not given.only or one.number in given.only:
            failed += run(one, stage)
    return min(failed, 1)


def load(name: str) -> None:
    if name == "models":
        from checks import models  # noqa: F401
    else:
        from checks import (  # noqa: F401
            beyond,
            commands,
            commits,
            downloads,
            formats,
            identity,
            listing,
            moving,
            ranges,
            refs,
            rights,
            trees,
            uploads,
        )  # fmt: skip


def run(one: Check, stage: Stage) -> bool:
    started, detail, result = time.monotonic(), "", "pass"
    try:
        one.run(stage)
    except NotApplicable as reason:
        result, detail = "none", str(reason)
    except Exception as error:
        result, detail = "FAIL", f"{type(error).__name__}: {error} [{_place(error)}]"
    line = {
        "number": one.number,
        "title": one.title,
        "result": result,
        "detail": detail,
        "seconds": time.monotonic() - started,
    }
    sys.stdout.write(f"@{json.dumps(line)}\n")
    sys.stdout.flush()
    return result == "FAIL"


def _place(error: BaseException) -> str:
    """Where in the checks it was."""
    ours = [frame for frame in traceback.extract_tb(error.__traceback__) if "conformance" in frame.filename]
    return ", ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in ours[-2:])


if __name__ == "__main__":
    raise SystemExit(main())

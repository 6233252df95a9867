"""`python -m workers.runtime.child WORKDIR --events-fd N --alive-fd M`: one attempt at one job, alone in its process.

Sees a directory and two pipes: no database, no broker, no network, no hub. Writes events to the one, ends when the other
closes. The exit code says whose fault an early end was.
"""

import argparse
import errno
import importlib
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from workers.contracts.errors import Cancelled, GenepoolError, ResourceError, UserError
from workers.contracts.events import ErrorEvent
from workers.contracts.jobs import RESULT, JobResult
from workers.contracts.kinds import kind_get
from workers.contracts.ports import Ports
from workers.runtime.ledger import BUG
from workers.runtime.reporting import CancelFlag, PipeReporter
from workers.runtime.workspace import FolderWorkspace, write_durably

OK = 0
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_TRACEBACK = 20_000


@dataclass(frozen=True)
class ChildPorts:
    workspace: FolderWorkspace
    reporter: PipeReporter
    cancel: CancelFlag


def main(arguments: Sequence[str] | None = None) -> int:
    options = _arguments(arguments)
    cancel = CancelFlag()
    reporter = PipeReporter(options.events_fd, cancel)
    signal.signal(signal.SIGTERM, lambda number, frame: cancel.ask())
    # Ctrl-C in a terminal reaches the whole group; the supervisor decides what it means for the child.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _die_with_parent(options.alive_fd)
    try:
        run_job(options.workdir, reporter, cancel)
    except BaseException as error:
        known = as_known(error)
        reporter.error(_last_word(known, error))
        return known.exit_code if isinstance(known, GenepoolError) else GenepoolError.exit_code
    return OK


def run_job(workdir: Path, reporter: PipeReporter, cancel: CancelFlag) -> None:
    """Runs the request's kind and writes result.json, last and whole."""
    result = carry_out(ChildPorts(FolderWorkspace(workdir), reporter, cancel))
    write_durably(workdir / RESULT, result.model_dump_json(by_alias=True, indent=2))


def carry_out(ports: Ports) -> JobResult:
    """What the kind of the request names as its runner does the work."""
    name = ports.workspace.request.kind
    kind = kind_get(name)
    if kind is None:
        raise UserError(f"There is no job kind {name!r}.")
    module, _, function = kind.runner.partition(":")
    runner: Callable[[Ports], JobResult] = getattr(importlib.import_module(module), function)
    return runner(ports)


def as_known(error: BaseException) -> BaseException:
    """Disk full and memory gone are resources, whoever noticed them first; anything else stays what it is."""
    if isinstance(error, OSError) and error.errno in _FULL:
        return ResourceError("The disk is full: the result could not be written. Free some space, then try again.")
    if isinstance(error, MemoryError) or _is_allocation_failure(error):
        return ResourceError("Memory ran out. Try a machine with more memory, or fewer sources at a time.")
    return error


def _is_allocation_failure(error: BaseException) -> bool:
    """torch tells of it in words only; CUDA has a class of its own, which need not be imported to be recognised."""
    text = str(error)
    return isinstance(error, RuntimeError) and (
        type(error).__name__ == "OutOfMemoryError" or "can't allocate memory" in text or "not enough memory" in text
    )


def _last_word(known: BaseException, error: BaseException) -> ErrorEvent:
    if isinstance(known, GenepoolError):
        findings = known.findings if isinstance(known, UserError) else ()
        return ErrorEvent(
            code=known.code, message=str(known), findings=tuple(finding.model_dump(mode="json") for finding in findings)
        )  # fmt: skip
    trace = "".join(traceback.format_exception(error))[-_TRACEBACK:]
    return ErrorEvent(
        code=BUG,
        message=f"{type(error).__name__}: the job stopped for a reason that is ours to fix.",
        traceback=trace,
    )


def _die_with_parent(alive_fd: int) -> None:
    """Blocks on the alive pipe in a thread; its end means that nobody waits for us any more.

    Ends at once, without clean-up: the journal is made for that, and a second attempt may already be on its way.
    """

    def watch() -> None:
        while True:
            try:
                if not os.read(alive_fd, 1):
                    os._exit(Cancelled.exit_code)
            except InterruptedError:
                continue

    threading.Thread(target=watch, name="alive", daemon=True).start()


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m workers.runtime.child", description="Runs one job in its directory."
    )
    parser.add_argument("workdir", type=Path)
    parser.add_argument("--events-fd", type=int, required=True, help="where events are written")
    parser.add_argument("--alive-fd", type=int, required=True, help="whose end ends the child")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())

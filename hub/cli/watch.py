"""Following a job until it ends. Stopping to look does not stop the job."""

import sys
import time
from collections.abc import Callable
from typing import Any

from hub.cli.client import Hub, HubError
from hub.cli.report import ENDED, findings_print, lines_printable, progress_text, result_text
from workers.planning.wording import printable

POLL_S = 1.0
OUTAGE_S = 120.0


class Watcher:
    """Prints state changes and log lines as they come. On a terminal the last line shows the progress."""

    def __init__(self, hub: Hub, ident: str, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self.hub, self.ident, self._sleep = hub, ident, sleep
        self._events = self._lines = 0
        self._outage_s = 0.0
        self._is_terminal = sys.stderr.isatty()

    def run(self) -> int:
        """0 when the job succeeded, 1 when it ended otherwise, 130 after Ctrl-C."""
        try:
            return self._follow()
        except KeyboardInterrupt:
            self._clear()
            sys.stderr.write(
                f"\nThe job goes on. `genepool jobs watch {self.ident}` looks again, `genepool jobs cancel {self.ident}` stops it.\n"
            )
            return 130

    def _follow(self) -> int:
        while True:
            job = self._patiently(lambda: self.hub.get(f"/jobs/{self.ident}"))
            self._news()
            if job["state"] in ENDED:
                self._clear()
                return job_ended(job)
            self._progress(job)
            self._sleep(POLL_S)

    def _news(self) -> None:
        events = self._patiently(lambda: self.hub.get(f"/jobs/{self.ident}/events", after=self._events))
        self._events = events["after"]
        for event in events["results"]:
            if event["type"] == "state":
                self._say(f"{event['data'].get('state', '')}{_attempt(event)}")
        log = self._patiently(lambda: self.hub.get(f"/jobs/{self.ident}/log", after=self._lines))
        self._lines = log["after"]
        for line in log["results"]:
            mark = "" if line["level"] == "info" else f"{line['level']}: "
            self._say(f"  {mark}{line['message']}")

    def _patiently(self, call: Callable[[], Any]) -> Any:
        """A hub that restarts is not a job that failed: tries for two minutes before giving up."""
        while True:
            try:
                answer = call()
            except HubError as error:
                if not error.is_outage or self._outage_s >= OUTAGE_S:
                    raise
                self._outage_s += POLL_S
                self._sleep(POLL_S)
            else:
                self._outage_s = 0.0
                return answer

    def _progress(self, job: dict[str, Any]) -> None:
        if self._is_terminal:
            text = progress_text(job) or (job.get("queue") or {}).get("reason") or ""
            sys.stderr.write(f"\r\x1b[K{printable(text)[:100]}")
            sys.stderr.flush()

    def _say(self, text: str) -> None:
        self._clear()
        sys.stderr.write(f"{lines_printable(text)}\n")

    def _clear(self) -> None:
        if self._is_terminal:
            sys.stderr.write("\r\x1b[K")


def _attempt(event: dict[str, Any]) -> str:
    return f", attempt {event['attempt']}" if event["attempt"] > 1 else ""


def job_ended(job: dict[str, Any]) -> int:
    """Says how it ended; the exit code."""
    if job["state"] == "succeeded":
        sys.stdout.write(f"{result_text(job) or job['page']}\n")
        _say_what_next(job)
        reproduction = (job.get("metrics") or {}).get("reproduction")
        if reproduction:
            verdict = "the same weights as" if reproduction["is_equal"] else "other weights than"
            sys.stdout.write(f"{verdict} job {reproduction['of']}: {reproduction['digest']}\n")
            return 0 if reproduction["is_equal"] else 1
        return 0
    error = job.get("error") or {}
    findings_print(error.get("findings") or [])
    sys.stderr.write(
        f"genepool: job {job['number']} {_ended_words(job['state'])}. {lines_printable(error.get('message') or '')}\n"
    )
    return 1


def _say_what_next(job: dict[str, Any]) -> None:
    """Numbers of several models ask which is better, and whether that is noise."""
    recipe = job.get("recipe")
    models = recipe.get("models") if job.get("kind") == "evaluate" and isinstance(recipe, dict) else None
    if isinstance(models, list) and 2 <= len(models) <= 5:
        names = " ".join(printable(str(name)) for name in models)
        sys.stderr.write(f"Which is better, and is that noise? genepool compare {names}\n")


def _ended_words(state: str) -> str:
    return {"failed": "failed", "errored": "stopped with an error of the hub", "cancelled": "was cancelled"}[state]

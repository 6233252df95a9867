"""`make conformance`: unmodified clients against a real hub, by client, transport and store. Prints one table; ends non-zero on a failure."""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tests.conformance.environments import CLIENTS, Client, client_ensure
from tests.conformance.hubs import Hub, hub_running, s3_running

HERE = Path(__file__).resolve().parent
STORES = ("local", "s3")
LIMIT_S = 420
MODELS = "models"


@dataclass
class Run:
    """One client, one transport, one store; its `lines` come from the client's own process."""

    store: str
    client: str
    has_xet: bool
    lines: list[dict] = field(default_factory=list)
    trouble: str = ""
    seconds: float = 0.0

    @property
    def user(self) -> str:
        return f"{self.client}-{'xet' if self.has_xet else 'lfs'}".replace(".", "")

    @property
    def label(self) -> str:
        return f"{self.client} {'xet' if self.has_xet else 'lfs'} {self.store}"

    def count(self, result: str) -> int:
        return sum(line["result"] == result for line in self.lines) + (result == "FAIL" and bool(self.trouble))


def main() -> int:
    given = _arguments()
    started = time.monotonic()
    clients = {client.name: client for client in CLIENTS if client.name in given.client}
    for client in clients.values():
        client_ensure(client)
    runs = _matrix(given, list(clients))
    with tempfile.TemporaryDirectory(prefix="conformance-") as folder, ThreadPoolExecutor(len(given.store)) as pool:
        work = [
            pool.submit(_store, Path(folder), store, [run for run in runs if run.store == store], clients, given.only)
            for store in given.store
        ]
        for one in work:
            one.result()
        if given.keep_logs:
            _copy_logs(Path(folder), given.keep_logs)
    return _report(runs, time.monotonic() - started)


def _matrix(given: argparse.Namespace, clients: list[str]) -> list[Run]:
    """transformers and peft go by the client's default way alone: what they add to it is the same on both."""
    runs = []
    for store in given.store:
        runs += [Run(store, name, xet) for name in clients for xet in (True, False) if xet or not given.xet_only]
        runs += [] if given.no_models else [Run(store, MODELS, True)]
    return runs


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make conformance")
    parser.add_argument("--store", nargs="*", choices=STORES, default=list(STORES))
    parser.add_argument(
        "--client", nargs="*", choices=[client.name for client in CLIENTS], default=[client.name for client in CLIENTS]
    )
    parser.add_argument("--only", type=int, nargs="*", default=[], help="numbers of checks")
    parser.add_argument("--xet-only", action="store_true", help="without the runs where Xet is off")
    parser.add_argument("--no-models", action="store_true", help="without transformers and peft")
    parser.add_argument("--keep-logs", type=Path, help="copy the hubs' logs to this folder")
    return parser.parse_args()


def _store(folder: Path, store: str, runs: list[Run], clients: dict[str, Client], only: list[int]) -> None:
    try:
        with _hub(folder / store, store) as hub:
            people = hub.people(folder / store, [run.user for run in runs])
            for run in runs:
                _client(run, hub, people[run.user], clients.get(run.client), folder / store / run.user, only)
    except RuntimeError as error:
        sys.stdout.write(f"{store}: {error}\n")
        for run in runs:
            run.trouble = run.trouble or str(error)[-300:]


@contextlib.contextmanager
def _hub(folder: Path, store: str) -> Iterator[Hub]:
    with contextlib.ExitStack() as stack:
        storage = stack.enter_context(s3_running(folder / "s3")) if store == "s3" else {}
        yield stack.enter_context(hub_running(folder / "hub", storage))


def _client(run: Run, hub: Hub, people: Path, client: Client | None, home: Path, only: list[int]) -> None:
    home.mkdir()
    python = str(client.python) if client else sys.executable
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(home), "HF_HOME": str(home / "hf"), "TMPDIR": str(home), "HF_ENDPOINT": hub.url,
        "HF_HUB_DISABLE_PROGRESS_BARS": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false",
        "NO_COLOR": "1", "HF_HUB_DISABLE_UPDATE_CHECK": "1",
        **({} if run.has_xet else {"HF_HUB_DISABLE_XET": "1"}),
    }  # fmt: skip
    command = [python, str(HERE / "client.py"), "--people", str(people), "--set", "client" if client else MODELS]
    if only:
        command += ["--only", *map(str, only)]
    started = time.monotonic()
    try:
        done = subprocess.run(command, env=environment, cwd=home, capture_output=True, text=True, timeout=LIMIT_S)
        output, ended = done.stdout, done.returncode
        tail = done.stderr[-1500:]
    except subprocess.TimeoutExpired as error:
        output, ended, tail = (error.stdout or b"").decode(), 1, f"not done after {LIMIT_S} s"
    run.seconds = time.monotonic() - started
    run.lines = [json.loads(line[1:]) for line in output.splitlines() if line.startswith("@{")]
    if (ended and not run.count("FAIL")) or (not run.lines and not only):
        run.trouble = tail or "it said nothing"
    sys.stdout.write(f"{run.label}: {run.count('pass')} passed, {run.count('FAIL')} failed in {run.seconds:.0f} s\n")
    sys.stdout.flush()


def _slowest(runs: list[Run]) -> list[str]:
    out = []
    for run in runs:
        lines = sorted(run.lines, key=lambda line: -line["seconds"])[:6]
        times = [f"{line['number']} {line['seconds']:.1f} s" for line in lines]
        out.append(f"slowest of {run.label}: {', '.join(times)}")
    return out


def _copy_logs(folder: Path, target: Path) -> None:
    for log in folder.rglob("*.log*"):
        to = target / log.relative_to(folder)
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_bytes(log.read_bytes())


def _report(runs: list[Run], seconds: float) -> int:
    titles = {line["number"]: line["title"] for run in runs for line in run.lines}
    results = [{line["number"]: line["result"] for line in run.lines} for run in runs]
    width = max(map(len, titles.values()), default=10)
    out = [""]
    out += [f"{chr(97 + at)}  {run.label}: {run.seconds:.0f} s" for at, run in enumerate(runs)]
    out += ["", f"{'':4}{'check':{width}}  {'  '.join(chr(97 + at) + '   ' for at in range(len(runs)))}"]
    for number in sorted(titles):
        cells = "  ".join(f"{found.get(number, ''):4}".replace("none", "n/a ") for found in results)
        out.append(f"{number:3} {titles[number]:{width}}  {cells}".rstrip())
    for word in ("pass", "FAIL"):
        out.append(f"{'':4}{word:{width}}  {'  '.join(f'{run.count(word):<4}' for run in runs)}".rstrip())
    for run in runs:
        out += [
            f"FAILED {run.label} {line['number']} {line['title']}: {line['detail'][:600]}"
            for line in run.lines
            if line["result"] == "FAIL"
        ]
        out += [f"FAILED {run.label}: {run.trouble}"] if run.trouble else []
    out += _slowest(runs)
    passed, failed = sum(run.count("pass") for run in runs), sum(run.count("FAIL") for run in runs)
    skipped = sum(run.count("none") for run in runs)
    words = [f"{failed} failed"] * bool(failed) + [f"{passed} passed"] + [f"{skipped} skipped"] * bool(skipped)
    out.append(f"========== {', '.join(words)} in {seconds:.2f}s ==========")
    sys.stdout.write("\n".join(out) + "\n")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    raise SystemExit(main())

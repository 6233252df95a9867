"""The runner of the job kind `import`: list, judge, fetch, report. Called in the job's own process, where Django is not."""

import os
import shutil
import sys
import threading
import time
from collections.abc import Iterable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

from hub.core.http_client import Blocked, HttpError
from hub.core.outbound import Lie, Reader, Refusal, Rules
from hub.imports.remote.briefing import Briefing, FileReport, ImportReport, RefReport, TreeReport
from hub.imports.remote.describing import facts_read, small_choose
from hub.imports.remote.listing import RemoteFile, RemoteRef, RemoteTree, commit_find, refs_list, tree_list
from hub.imports.remote.source import Source
from hub.imports.remote.transfer import Fetched, Transfer
from workers.contracts.errors import Cancelled, ResourceError, TransientError, UserError
from workers.contracts.jobs import JobResult, ReportFile
from workers.contracts.ports import Ports
from workers.contracts.recipes import ImportRecipe
from workers.contracts.references import repo_reference_parse
from workers.contracts.version import VERSION
from workers.planning.wording import size_text

THREADS = 4
BLOBS = "blobs"
RESERVE_BYTES = 256 * 2**20
NOT_FETCHED = "It stayed at the source: only metadata was imported."


def run(ports: Ports) -> JobResult:
    briefing = Briefing.model_validate_json(sys.stdin.buffer.read() or b"{}")
    recipe = ImportRecipe.model_validate(ports.workspace.request.recipe)
    try:
        return Fetching(ports, recipe, briefing).run()
    except Blocked as error:
        raise UserError(str(error)) from error
    except Refusal as error:
        raise _refused(error, recipe) from error
    except Lie as error:
        raise UserError(str(error)) from error
    except HttpError as error:
        raise TransientError(str(error)) from error


def _refused(error: Refusal, recipe: ImportRecipe) -> UserError | TransientError:
    """The answer of the other hub, in words that say what to do."""
    said = f"{str(error).rstrip('.')}."
    if error.status in (401, 403):
        return UserError(
            f"{said} {recipe.source} is not there, or is private or gated: give a token of that hub that may read it."
        )
    if error.status == 404:
        return UserError(f"{said} There is no {recipe.source} at the source, or it needs a token of that hub.")
    if error.status == 429 or error.status >= 500:
        return TransientError(said)
    return UserError(said)


class Fetching:
    """One attempt. `out/blobs/<key>` holds what came, the report says where in which tree it belongs."""

    def __init__(self, ports: Ports, recipe: ImportRecipe, briefing: Briefing) -> None:
        reference = repo_reference_parse(recipe.source)
        if reference is None or recipe.endpoint is None:
            raise UserError(f"{recipe.source[:200]!r} is not a reference like hf:org/name@revision.")
        self.ports, self.recipe, self.briefing = ports, recipe, briefing
        self.revision = reference.revision
        self.source = Source(recipe.endpoint, recipe.type, reference.repo)
        rules = Rules(self.source.endpoint, briefing.private_hosts, **briefing.timing)
        self.reader = Reader(rules, token=briefing.token, user_agent=f"genepool/{VERSION}")
        self._lock, self._stop = threading.Lock(), threading.Event()
        self._got = self._total = 0
        self._fetched: dict[str, Fetched] = {}

    def run(self) -> JobResult:
        report = self.ports.reporter
        commit = commit_find(self.reader, self.source, self.revision)
        report.log(f"{self.source.page()} stands at {commit[:12]} ({self.revision}).")
        if self.briefing.seen_commit == commit:
            report.log("That commit was imported before; nothing has changed at the source.")
            return self._result(ImportReport(commit=commit), [])
        refs = refs_list(self.reader, self.source) if self.recipe.all_refs else []
        trees = [self._list(oid) for oid in dict.fromkeys([commit, *(ref.commit for ref in refs)])]
        wanted = self._wanted(trees)
        self._room_check(wanted)
        self._fetch(trees, wanted)
        facts: dict[str, Any] | None = None
        findings: list[dict[str, Any]] = []
        if self.recipe.mode == "metadata":
            facts, findings = self._describe(trees[0])
        return self._result(self._report(commit, refs, trees, facts, findings), wanted)

    def _list(self, commit: str) -> RemoteTree:
        tree = tree_list(
            self.reader,
            self.source,
            commit,
            lambda count: self.ports.reporter.progress(0, 0, "files", f"Listing: {count} files"),
        )
        for reason in tree.left_out.values():
            self.ports.reporter.log(f"{reason} It stays at the source.", "warning")
            self.ports.cancel.raise_if_requested()
        return tree

    def _wanted(self, trees: Iterable[RemoteTree]) -> list[RemoteFile]:
        """Each content once, the small ones first, without what the target has."""
        chosen: dict[str, RemoteFile] = {}
        for tree in trees:
            files = [file for file in tree.files if file.path not in tree.left_out]
            for file in small_choose(files) if self.recipe.mode == "metadata" else files:
                if not self._is_known(file):
                    chosen.setdefault(file.key, file)
        return sorted(chosen.values(), key=lambda file: (file.size_bytes, file.path))

    def _is_known(self, file: RemoteFile) -> bool:
        known = self.briefing.known.get(file.key)
        return known is not None and known.size_bytes == file.size_bytes

    def _room_check(self, wanted: list[RemoteFile]) -> None:
        """Before the first byte: the owner's quota, the largest file this hub takes, the disk."""
        total = sum(file.size_bytes for file in wanted)
        large = next((file for file in wanted if file.size_bytes > self.briefing.max_file_bytes), None)
        if large is not None:
            raise UserError(
                f"{large.path} has {size_text(large.size_bytes)}; this hub takes files of at most {size_text(self.briefing.max_file_bytes)}."
            )
        room = self.briefing.room_bytes
        if room is not None and total > room:
            raise UserError(
                f"The import needs {size_text(total)}. {self.briefing.room_words} Make room, or import metadata only."
            )
        free = shutil.disk_usage(self.ports.workspace.journal).free
        had = sum(path.stat().st_size for path in self.ports.workspace.journal.rglob("*") if path.is_file())
        if total - had + RESERVE_BYTES > free:
            raise ResourceError(
                f"The import needs {size_text(total)}, and the disk for jobs has {size_text(free)} left."
            )
        self._total = total

    def _fetch(self, trees: list[RemoteTree], wanted: list[RemoteFile]) -> None:
        where = {file.key: tree.commit for tree in reversed(trees) for file in tree.files}
        journal = self.ports.workspace.journal
        transfer = Transfer(self.reader, self.source, journal, tick=self._tick, pause=self._pause)
        self._tick(0)
        with ThreadPoolExecutor(THREADS) as pool:
            try:
                jobs: dict[Future[Fetched], RemoteFile] = {
                    pool.submit(transfer.fetch, where[file.key], file): file for file in wanted
                }
                wait(jobs, return_when=FIRST_EXCEPTION)
                failed = next((job for job in jobs if job.done() and job.exception() is not None), None)
                if failed is not None:
                    failed.result()
            finally:
                self._stop.set()
                pool.shutdown(wait=True, cancel_futures=True)
        for job, file in jobs.items():
            self._fetched[file.key] = job.result()
            if self._fetched[file.key].reason:
                self.ports.reporter.log(f"{self._fetched[file.key].reason} It stays at the source.", "warning")

    def _tick(self, count: int) -> None:
        """From any thread: moves the bar, and ends the work of all threads once one has failed or somebody cancelled."""
        if self._stop.is_set():
            raise Cancelled("The fetching ends.")
        with self._lock:
            self._got += count
            got = self._got
        self.ports.reporter.progress(
            min(got, self._total), max(self._total, 1), "bytes", f"Fetching from {self.source.page()}"
        )

    def _pause(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._tick(0)
            self._stop.wait(min(left, 0.2))

    def _describe(self, tree: RemoteTree) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        here = {file.path: self._fetched[file.key].path for file in tree.files if file.key in self._fetched}
        return facts_read(
            self.reader, self.source, tree.commit, tree.files, here,
            lambda length: self.ports.reporter.progress(0, 0, "bytes", "Reading headers"),
        )  # fmt: skip

    def _report(
        self, commit: str, refs: list[RemoteRef], trees: list[RemoteTree], facts: dict[str, Any] | None, findings: list[dict[str, Any]]
    ) -> ImportReport:  # fmt: skip
        return ImportReport(
            commit=commit,
            refs=tuple(RefReport(kind=ref.kind, name=ref.name, commit=ref.commit) for ref in refs),
            trees=tuple(
                TreeReport(commit=tree.commit, files=tuple(self._file(tree, file) for file in tree.files))
                for tree in trees
            ),
            facts=facts,
            findings=tuple(findings),
        )

    def _file(self, tree: RemoteTree, file: RemoteFile) -> FileReport:
        fetched, known = self._fetched.get(file.key), self.briefing.known.get(file.key)
        reason = tree.left_out.get(file.path, "")
        sha256 = ""
        if not reason and fetched is not None:
            sha256, reason = ("", fetched.reason) if fetched.reason else (fetched.sha256, "")
        elif not reason and known is not None and self._is_known(file):
            sha256 = known.sha256
        return FileReport(
            path=file.path, size_bytes=file.size_bytes, oid=file.oid, is_lfs=file.is_lfs, sha256=sha256, remote_sha256=file.sha256,
            reason="" if sha256 else reason or NOT_FETCHED,
        )  # fmt: skip

    def _result(self, report: ImportReport, wanted: list[RemoteFile]) -> JobResult:
        folder = self.ports.workspace.out / BLOBS
        folder.mkdir(exist_ok=True)
        files = []
        for file in wanted:
            fetched = self._fetched[file.key]
            if not fetched.reason:
                _link(fetched.path, folder / file.key)
                files.append(ReportFile(path=f"{BLOBS}/{file.key}", size_bytes=file.size_bytes, sha256=fetched.sha256))
        metrics = {"files_fetched": len(files), "bytes_fetched": sum(file.size_bytes for file in files)}
        return JobResult(files=tuple(files), metrics=metrics, report=report.model_dump(mode="json"))


def _link(source: Path, target: Path) -> None:
    target.unlink(missing_ok=True)
    os.link(source, target)

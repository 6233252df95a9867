"""From what was fetched to commits here, in the transaction that ends the job: all of it, or none of it."""

from collections.abc import Mapping

from django.utils import timezone

from hub.accounts.models import User
from hub.blobs.errors import OutOfStorage
from hub.blobs.models import Blob
from hub.blobs.services import blob_bytes
from hub.catalog.cards import CARD_FILE, MAX_CARD_BYTES, Card, card_parse
from hub.catalog.commits import Draft, commit_create, commit_write
from hub.catalog.extraction import Extract
from hub.catalog.heads import head_state
from hub.catalog.models import Commit, Ref, Repo
from hub.catalog.operations import AddFile, DeleteFile, Operation
from hub.catalog.revisions import branch_get, branch_lock
from hub.catalog.services import branch_create, branch_delete, repo_create, tag_create, tag_delete
from hub.catalog.states import FileState, file_state
from hub.core.errors import ApplicationError, Unavailable
from hub.imports.models import Import, ImportedCommit
from hub.imports.remote.briefing import FileReport, ImportReport, TreeReport
from hub.imports.remote.fetching import BLOBS
from hub.imports.remote.source import Source
from hub.imports.room import room_check
from hub.jobs.models import Job, JobOutput
from workers.contracts.errors import UserError
from workers.contracts.facts import FileFact, RepoFacts
from workers.contracts.findings import Finding
from workers.contracts.jobs import JobResult

SOURCE_COMMIT = "Source commit:"


def import_publish(*, job: Job, result: JobResult, files: Mapping[str, Blob]) -> Import:
    """Writes what the job brought. A refusal of ours is the end of the job, with its findings; a hiccup is tried again."""
    try:
        return _publish(job, ImportReport.model_validate(result.report), files)
    except (OutOfStorage, Unavailable):
        raise
    except ApplicationError as error:
        raise UserError(error.message, tuple(error.findings)) from error


def _publish(job: Job, report: ImportReport, files: Mapping[str, Blob]) -> Import:
    origin = Import.objects.select_for_update(of=("self",)).select_related("repo", "commit").filter(job=job).first()
    if origin is None:
        raise UserError("Another import into the same repo has taken the place of this one.")
    if report.trees:
        _Writer(job, origin, report, files).write()
        origin.imported_at = timezone.now()
    origin.source_commit, origin.checked_at = report.commit, timezone.now()
    if not origin.refresh:
        origin.sealed_token = ""
    origin.save()
    JobOutput.objects.create(job=job, role="result", position=0, repo=origin.repo, commit=origin.commit)
    return origin


class _Writer:
    """The target repo brought to the state of the source: default branch first, then other branches, then tags."""

    def __init__(self, job: Job, origin: Import, report: ImportReport, files: Mapping[str, Blob]) -> None:
        self.user: User = job.owner
        self.origin, self.report = origin, report
        self.source = Source(origin.endpoint, origin.type, origin.remote)
        self.trees = {tree.commit: tree for tree in report.trees}
        self.blobs = self._blobs(files)
        self.made: dict[str, Commit] = {}

    def _blobs(self, files: Mapping[str, Blob]) -> dict[str, Blob]:
        """Every content of the trees by sha256: what came, and what the target had."""
        came = {blob.sha256: blob for path, blob in files.items() if path.startswith(f"{BLOBS}/")}
        named = {file.sha256 for tree in self.report.trees for file in tree.files if file.sha256}
        return came | Blob.objects.in_bulk(named - set(came))

    def write(self) -> None:
        repo = self.origin.repo or self._repo_make()
        room_check(repo.namespace, self.blobs.values())
        heads = {repo.default_branch: self.report.commit}
        heads |= {ref.name: ref.commit for ref in self.report.refs if ref.kind == "branch"}
        for branch, source_commit in heads.items():
            if branch != repo.default_branch and not Ref.objects.filter(repo=repo, kind="branch", name=branch).exists():
                branch_create(repo=repo, name=branch)
            self.made[source_commit] = self._commit(repo, branch, source_commit)
        for ref in self.report.refs:
            if ref.kind == "tag":
                self._tag(repo, ref.name, ref.commit)
        self.origin.repo, self.origin.target = repo, repo.full_name
        self.origin.commit = branch_get(repo, repo.default_branch).commit

    def _repo_make(self) -> Repo:
        namespace, _, name = self.origin.target.partition("/")
        return repo_create(user=self.user, type=self.origin.type, namespace=namespace, name=name, visibility="private")

    def _commit(self, repo: Repo, branch: str, source_commit: str) -> Commit:
        tree = self.trees[source_commit]
        title = f"Import {self.source.name} at {source_commit[:12]}"
        message = f"Source: {self.source.page()}\n{SOURCE_COMMIT} {source_commit}"
        if self.origin.mode == "metadata":
            commit = self._described(repo, branch, tree, title, message)
        else:
            operations = self._operations(repo, branch, tree)
            commit = commit_create(
                repo=repo, branch=branch, user=self.user, operations=operations, title=title, message=message
            )
        missing = [_missing(file) for file in tree.files if not file.sha256]
        ImportedCommit.objects.update_or_create(
            origin=self.origin, commit=commit, defaults={"source_commit": source_commit, "mode": self.origin.mode, "remote_files": missing}
        )  # fmt: skip
        return commit

    def _operations(self, repo: Repo, branch: str, tree: TreeReport) -> list[Operation]:
        """The branch becomes the tree: what is not in it any more goes."""
        before = head_state(branch_get(repo, branch))
        after = {file.path: file for file in tree.files if file.sha256}
        gone = [DeleteFile(path) for path in before if path not in after]
        changed = [
            AddFile(path, self.blobs[file.sha256], is_lfs=file.is_lfs)
            for path, file in after.items()
            if path not in before or (before[path].sha256, before[path].is_lfs) != (file.sha256, file.is_lfs)
        ]
        return [*gone, *changed]

    def _described(self, repo: Repo, branch: str, tree: TreeReport, title: str, message: str) -> Commit:
        """The words are stored; what is known of the weights was read from their headers over there."""
        after: dict[str, FileState] = {
            file.path: file_state(self.blobs[file.sha256], file.is_lfs) for file in tree.files if file.sha256
        }
        findings = [Finding.model_validate(finding) for finding in self.report.findings]
        is_main = tree.commit == self.report.commit
        facts = RepoFacts.model_validate(self.report.facts if is_main and self.report.facts else {})
        # Pages and checks take these for what is here; the others stand in `remote_files`.
        listed = tuple(
            FileFact(path=path, size_bytes=file.size_bytes, sha256=file.sha256) for path, file in sorted(after.items())
        )
        facts = facts.model_copy(update={"files": listed})
        ref = branch_lock(repo, branch_get(repo, branch))
        before = head_state(ref)
        if after == before and ImportedCommit.objects.filter(commit=ref.commit, source_commit=tree.commit).exists():
            return ref.commit
        card = self._card(after)
        draft = Draft(ref.commit, before, after, Extract(facts, card, {}, tuple(findings)), ())
        return commit_write(repo=repo, ref=ref, user=self.user, draft=draft, title=title, message=message)

    def _card(self, after: Mapping[str, FileState]) -> Card:
        file = after.get(CARD_FILE)
        if file is None:
            return Card()
        text = blob_bytes(blob=self.blobs[file.sha256], end=min(file.size_bytes, MAX_CARD_BYTES))
        return card_parse(text.decode(errors="replace"))

    def _tag(self, repo: Repo, name: str, source_commit: str) -> None:
        commit = self.made.get(source_commit)
        if commit is None:
            # A tag may name what no branch ends in. Nobody else sees this branch: it goes in the same transaction.
            branch = f"import-{source_commit[:12]}"
            branch_create(repo=repo, name=branch)
            commit = self.made[source_commit] = self._commit(repo, branch, source_commit)
            branch_delete(repo=repo, name=branch)
        present = Ref.objects.filter(repo=repo, kind="tag", name=name).first()
        if present is not None and present.commit_id != commit.pk:
            tag_delete(repo=repo, name=name)
            present = None
        if present is None:
            tag_create(repo=repo, name=name, revision=commit.oid)


def _missing(file: FileReport) -> dict[str, object]:
    return {"path": file.path, "size_bytes": file.size_bytes, "sha256": file.remote_sha256, "reason": file.reason}

"""Runs one recipe on folders of this machine: no hub, no broker. `genepool run` and `genepool merge` come here."""

import argparse
import errno
import hashlib
import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workers.contracts.errors import GenepoolError, UserError
from workers.contracts.facts import RepoFacts
from workers.contracts.findings import Finding
from workers.contracts.jobs import Input, InputFile, JobRequest, JobResult
from workers.contracts.kinds import kind_get
from workers.contracts.methods import revision_of
from workers.contracts.parsing import Parsed, parse
from workers.contracts.plans import Check
from workers.contracts.sizes import bytes_of
from workers.outcome import outcome_lines
from workers.planning.wording import counted, size_text
from workers.runtime.distant import remote_laid, verified
from workers.runtime.local import (
    LocalPorts,
    LocalWorkspace,
    NeverCancelled,
    TerminalReporter,
    check_target,
    place,
    workplace,
)
from workers.terminal import painted, show_findings

if TYPE_CHECKING:
    from workers.remote.sources import RemoteSources

OK, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130


def main(argv: Sequence[str], *, kind: str | None = None) -> int:
    """Exit code 0: made; 1: findings or failure; 2: wrong usage. `kind` limits what the recipe may be."""
    options = _arguments(argv, kind)
    try:
        return _run(options, kind)
    except UserError as error:
        _say("error", str(error))
        show_findings(finding for finding in error.findings if finding.message != str(error))
    except GenepoolError as error:
        _say("error", str(error))
    except OSError as error:
        # What the machine refuses: no right to write, no such folder, a name that is too long.
        _say("error", f"{error.strerror or error}: {error.filename}" if error.filename else str(error))
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            _say("info", "What is finished is kept beside the target. Make room, and the same command goes on.")
    except KeyboardInterrupt:
        _say("warning", "Interrupted. The same command goes on where this one stopped.")
        return INTERRUPTED
    return FAILED


def _run(options: argparse.Namespace, kind: str | None) -> int:
    from workers.remote.sources import RemoteSources

    sources = RemoteSources()
    try:
        return _run_on(options, kind, sources)
    finally:
        sources.close()


def _run_on(options: argparse.Namespace, kind: str | None, sources: "RemoteSources") -> int:
    from workers.planning.allowed import within
    from workers.planning.local import local_check

    if options.device != "cpu":
        from workers.engine.devices import device_named

        device_named(options.device)  # refused before anything is read
    out: Path = options.out.absolute()
    check_target(out, force=options.force)
    parsed = _parsed(options.recipe, kind)
    checked, facts = local_check(parsed, sources.find)
    checked = within(checked, options.max_memory)
    if parsed.recipe is None or not checked.ok:
        return _refused(checked.findings)
    show_findings(checked.findings)
    inputs, folders = _inputs(parsed.recipe, facts, sources)
    request = _request(parsed.recipe, inputs, checked, options)
    _refuse_own_source(out, folders)
    key = _key(request, folders)
    with workplace(out, key) as work:
        reporter = TerminalReporter()
        try:
            with remote_laid(sources, parsed.recipe, checked.plan, work, reporter) as laid:
                workspace = LocalWorkspace(work, request, {**folders, **laid.folders})
                result = _carry_out(LocalPorts(workspace, reporter, NeverCancelled()))
                told = verified(laid, work)
        finally:
            reporter.bar.clear()
        if _key(request, folders) != key:
            raise UserError(
                "The files of a model changed while they were read, so the result would be of neither. Nothing was written. Run it again."
            )
        place(work / "out", out, force=options.force)
    _done(options.out, result)
    for line in told:
        print(line)
    return OK


def _parsed(path: Path, kind: str | None) -> Parsed:
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = "it is not text in UTF-8" if isinstance(error, UnicodeDecodeError) else (error.strerror or "").lower()
        raise UserError(f"The recipe {path} cannot be read: {reason}.") from None
    parsed = parse(text, local=True)
    if parsed.recipe is not None and kind is not None and parsed.recipe.kind != kind:
        raise UserError(
            f"This recipe is of kind {parsed.recipe.kind}. `genepool {kind}` takes kind {kind}; `genepool run` takes all."
        )
    return parsed


def _inputs(
    recipe: Any, facts: Mapping[str, RepoFacts | None], sources: "RemoteSources"
) -> tuple[list[Input], dict[tuple[str, int], Path]]:
    """What the recipe names, and the folders where it lies, but for what is still on a hub."""
    from workers.planning.references import references_of

    inputs: list[Input] = []
    folders: dict[tuple[str, int], Path] = {}
    for role, index, text, _ in references_of(recipe):
        found = facts[text]
        if found is None:
            continue
        files = tuple(InputFile(path=file.path, size_bytes=file.size_bytes, sha256=file.sha256) for file in found.files)
        inputs.append(Input(role=role, index=index, reference=text, facts=found, files=files))
        if not sources.has(text):
            folders[role, index] = Path(text).expanduser().absolute()
    return inputs, folders


def _request(recipe: Any, inputs: Sequence[Input], checked: Check, options: argparse.Namespace) -> JobRequest:
    kind = kind_get(recipe.kind)
    return JobRequest(
        kind=recipe.kind, recipe=recipe.model_dump(mode="json"), inputs=tuple(inputs), plan=checked.plan, licence=checked.licence,
        revision=revision_of(kind, getattr(recipe, "method", "")) if kind else 1, seed=recipe.seed,
        threads=options.threads, memory_bytes=options.max_memory, device=options.device, hash_files=False,
    )  # fmt: skip


def _key(request: JobRequest, folders: dict[tuple[str, int], Path]) -> str:
    """Names what is being made: the plan, and the inputs' files by size and time of change."""
    files = [
        [
            item.role,
            item.index,
            file.path,
            file.size_bytes,
            _stamp(item, file, folders),
        ]
        for item in request.inputs
        for file in item.files
    ]
    body = request.model_dump_json(by_alias=True, include={"kind", "recipe", "plan", "revision", "seed"})
    return hashlib.sha256(json.dumps([body, files]).encode()).hexdigest()


def _stamp(item: Input, file: InputFile, folders: Mapping[tuple[str, int], Path]) -> str:
    """What changes when the file does: of a hub's repo its commit."""
    folder = folders.get((item.role, item.index))
    if folder is None:
        return item.facts.commit
    try:
        found = (folder / file.path).stat()
    except OSError:
        return "gone"
    return f"{found.st_mtime_ns} {found.st_size}"


def _refuse_own_source(out: Path, folders: Mapping[tuple[str, int], Path]) -> None:
    """The result must not take the place of what it is made of, whatever was forced."""
    for folder in folders.values():
        if folder.resolve().is_relative_to(out.resolve()):
            raise UserError(f"{out} holds a model of this recipe, {folder.name}. Name another folder for the result.")


def _carry_out(ports: LocalPorts) -> JobResult:
    from workers.runtime.child import as_known, carry_out

    try:
        return carry_out(ports)
    except Exception as error:
        known = as_known(error)
        if known is error:
            raise
        raise known from error


def _refused(findings: Sequence[Finding]) -> int:
    show_findings(findings)
    count = sum(finding.severity == "error" for finding in findings)
    _say(
        "error",
        f"The recipe cannot be carried out: {counted(count, 'error')}. Nothing was written.",
    )
    return FAILED


def _done(out: Path, result: JobResult) -> None:
    size = sum(file.size_bytes for file in result.files)
    resumed = f" Taken over from the interrupted run: {result.resumed_units}." if result.resumed_units else ""
    for line in outcome_lines(result.report):
        print(line)
    print(
        f"{painted('Made', 'ok', sys.stdout)} {out}: {counted(len(result.files), 'file')}, {size_text(size)}.{resumed}"
    )
    cost = result.report.get("cost", {})
    if cost:
        print(f"{cost['wall_s']:.1f} s, peak memory {size_text(cost['peak_memory_bytes'])}.")
    if result.tensor_digest:
        print(f"tensor digest {result.tensor_digest}")


def _say(level: str, message: str) -> None:
    sys.stderr.write(f"{painted(level, level, sys.stderr)}: {message}\n")


def _arguments(argv: Sequence[str], kind: str | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=f"genepool {kind or 'run'}",
        description=f"Carries out a {kind + ' ' if kind else ''}recipe on this machine. No server is needed. Its models and datasets are local "
        "folders, repos of the hub at GENEPOOL_URL (ns/name, ns/name@revision; GENEPOOL_TOKEN says who asks), or addresses of repos "
        "of any hub that speaks the Hugging Face protocol (https://host/ns/name@revision). Of a hub's repos only the bytes that the "
        "recipe needs are fetched, while it is computed; the same command goes on after an interruption.",
    )
    parser.add_argument("recipe", type=Path, metavar="RECIPE", help="YAML file; - reads standard input")
    parser.add_argument("out", type=Path, metavar="OUT", help="folder for the result; appears when it is complete")
    parser.add_argument(
        "--threads",
        type=_positive,
        default=min(os.cpu_count() or 1, 8),
        metavar="N",
        help="tensors made at a time (default: %(default)s)",
    )
    parser.add_argument(
        "--max-memory", type=_bytes, metavar="BYTES", help="work within so much memory; 8GiB and 500MB are understood"
    )
    parser.add_argument(
        "--device",
        type=_device,
        default="cpu",
        metavar="D",
        help="cpu, cuda or cuda:1: a GPU is used for what it does sooner than the CPU; the check says which (default: cpu)",
    )
    parser.add_argument("--force", action="store_true", help="replace an earlier result in OUT")
    return parser.parse_args(list(argv))


def _device(text: str) -> str:
    if not re.fullmatch(r"cpu|cuda(:\d{1,3})?", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not cpu, cuda or cuda:1")
    return text


def _positive(text: str) -> int:
    value = int(text) if text.isdecimal() else 0
    if not 1 <= value <= 1024:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 1024")
    return value


def _bytes(text: str) -> int:
    value = bytes_of(text)
    if not value:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of bytes, such as 8000000000 or 8GiB")
    return value


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""One recipe under way: its text, its document, what the check says, and how the tabs show it. Nothing is stored until submit."""

import hashlib
import json
import re
import secrets
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict

from hub.pages.making.choosing import chooser_of
from hub.pages.making.matrix import picked
from hub.pages.making.merge_form import MergeForm, document_of, form_fits, form_of
from hub.pages.making.patching import patch_parse, patched
from hub.pages.making.simple_form import fields_of, simple_document, simple_fits
from hub.recipes.services import CheckReport, recipe_check
from workers.contracts.documents import load_document
from workers.contracts.findings import Finding
from workers.contracts.methods import method_get
from workers.contracts.paths import where_of
from workers.contracts.writing import document_to_yaml

TABS = ("form", "yaml", "cli")
# What a recipe of the kind cannot do without, as its form calls it. Empty and untouched it is still to come, not wrong.
_NEEDED = {
    "merge": {"base": "a base", "sources": "sources"},
    "evaluate": {"models": "models", "data": "benchmarks or datasets"},
    "rank": {"data": "your labelled sample"},
    "extract": {"model": "a fine-tune", "base": "its base"},
    "train": {"model": "a model to start from", "data": "datasets"},
}
_ASKING = ("check", "send", "override")
_SHELL_END = "RECIPE"


@dataclass
class Draft:
    kind: str
    tab: str
    text: str
    document: Any
    nonce: str
    note: str = ""
    report: CheckReport | None = None
    touched: frozenset[str] = frozenset()
    find: str = ""
    beside: tuple[str, ...] = ()
    is_browsing: bool = False

    @property
    def key(self) -> str:
        """The same for a second press of the same button, another once the recipe was changed."""
        return f"{self.nonce}-{hashlib.sha256(self.text.encode()).hexdigest()[:32]}"


@dataclass(frozen=True)
class Line:
    text: str
    severity: str = ""
    note: str = ""


@dataclass
class Shown:
    """What the templates read."""

    form: MergeForm | None
    fields: list[dict[str, Any]]
    lines: list[Line]
    command: str
    kept: str
    errors: int
    warnings: int
    findings: list[Finding] = field(default_factory=list)
    to_fill: list[str] = field(default_factory=list)
    touched: str = ""


def draft_new(kind: str, document: dict[str, Any]) -> Draft:
    fits = form_fits(document) if kind == "merge" else simple_fits(kind, document)
    draft = Draft(kind, "form" if fits else "yaml", document_to_yaml(document), document, secrets.token_hex(8))
    draft.touched = frozenset(_filled(draft))
    return draft


def draft_posted(kind: str, data: QueryDict) -> Draft:
    """From whichever tab was open. Text that is no mapping stays text: the YAML tab shows it with its findings."""
    tab = data.get("tab", "form") if data.get("tab") in TABS else "form"
    if tab == "form":
        data = picked(data) if kind == "evaluate" else _chosen(data)
        document: Any = (
            document_of(data) if kind == "merge" else simple_document(kind, data, _kept(data.get("kept", "")))
        )
        text = document_to_yaml(document)
    else:
        text = data.get("yaml", "").replace("\r\n", "\n")
        document, _ = load_document(text)
    nonce = data.get("nonce", "")
    draft = Draft(
        kind,
        tab,
        text,
        document,
        nonce if nonce.isalnum() and len(nonce) <= 32 else secrets.token_hex(8),
    )
    draft.find, draft.beside = data.get("find", "")[:120], tuple(data.getlist("beside"))[:8]
    draft.is_browsing = "pick" in data
    needed = _NEEDED.get(kind, {})
    is_asked = tab != "form" or any(name in data for name in _ASKING)
    draft.touched = frozenset(
        needed if is_asked else {*_filled(draft), *data.get("touched", "").split()} & needed.keys()
    )
    return draft


def _chosen(data: QueryDict) -> QueryDict:
    """The form with the method whose button was pressed."""
    if "pick" not in data:
        return data
    full = data.copy()
    full["method"] = data["pick"]
    return full


def _filled(draft: Draft) -> set[str]:
    document = draft.document if isinstance(draft.document, dict) else {}
    return {name for name in _NEEDED.get(draft.kind, {}) if document.get(name)}


def _to_fill(draft: Draft) -> dict[str, str]:
    """What nobody has come to yet, by key."""
    if draft.tab != "form" or not isinstance(draft.document, dict):
        return {}
    seen = draft.touched | _filled(draft)
    return {name: word for name, word in _NEEDED.get(draft.kind, {}).items() if name not in seen}


def _kept(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text or "{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def draft_act(draft: Draft, data: QueryDict) -> None:
    """The buttons that change the recipe: add and remove a source, a repair, another tab."""
    document = draft.document
    if "repair" in data:
        draft_set(draft, patched(document, patch_parse(data["repair"])))
    elif isinstance(document, dict) and "add" in data:
        _add_source(draft, document, data.get("new_source", "").strip())
    elif isinstance(document, dict) and "drop" in data and data["drop"].isdecimal():
        sources = [source for index, source in enumerate(document.get("sources") or []) if index != int(data["drop"])]
        draft_set(draft, {**document, "sources": sources})
    wanted = data.get("to_tab", "")
    if wanted in TABS:
        draft_tab(draft, wanted)


def draft_set(draft: Draft, document: Any) -> None:
    draft.document, draft.text = document, document_to_yaml(document)


def _add_source(draft: Draft, document: dict[str, Any], name: str) -> None:
    if not name:
        draft.note = "Name the entry that is to be added, as namespace/name."
        return
    method = method_get("merge", str(document.get("method", "")))
    defaults = {entry.name: entry.default for entry in method.parameters if entry.scope == "source"} if method else {}
    draft_set(draft, {**document, "sources": [*(document.get("sources") or []), {"model": name, **defaults}]})


def draft_tab(draft: Draft, wanted: str) -> None:
    fits = form_fits(draft.document) if draft.kind == "merge" else simple_fits(draft.kind, draft.document)
    if wanted == "form" and not fits:
        draft.tab, draft.note = (
            "yaml",
            "The form cannot show everything this text says, so it stays as text. It can be checked and submitted here.",
        )
        return
    draft.tab = wanted


def draft_check(draft: Draft, user) -> CheckReport:
    """Checked as text, so that findings know their lines."""
    draft.report = recipe_check(user=user, document=draft.text)
    return draft.report


def draft_show(draft: Draft, *, namespace: str) -> Shown:
    to_fill = _to_fill(draft)
    findings = [
        finding
        for finding in (draft.report.check.findings if draft.report else ())
        if re.split(r"[.\[]", finding.where, maxsplit=1)[0] not in to_fill
    ]
    open_words = list(to_fill.values()) if draft.report and len(findings) < len(draft.report.check.findings) else []
    findings.sort(key=lambda finding: ("error", "warning", "info").index(finding.severity))
    lines = _lines(draft, findings)
    shown = Shown(
        form=form_of(draft.document, namespace=namespace)
        if draft.kind == "merge" and draft.tab == "form" and form_fits(draft.document)
        else None,
        fields=fields_of(draft.kind, draft.document) if draft.kind != "merge" else [],
        lines=lines,
        command=command_of(draft.text),
        kept=json.dumps(draft.document) if isinstance(draft.document, dict) else "{}",
        errors=sum(finding.severity == "error" for finding in findings),
        warnings=sum(finding.severity == "warning" for finding in findings),
        findings=findings,
        to_fill=open_words,
        touched=" ".join(sorted(draft.touched)),
    )
    if shown.form:
        shown.form.chooser = chooser_of(
            shown.form.method_name,
            find=draft.find,
            beside=draft.beside,
            is_open=draft.is_browsing,
            has_base=bool(shown.form.base),
        )
        _mark_sources(shown.form, findings)
    return shown


def command_of(text: str) -> str:
    """SECURITY: the text is quoted by a word that no line of it consists of, so that nothing in it reaches the shell."""
    lines, word = set(text.splitlines()), _SHELL_END
    while word in lines:
        word += "_"
    body = text if text.endswith("\n") else text + "\n"
    return (
        f"cat > recipe.yaml <<'{word}'\n{body}{word}\ngenepool check recipe.yaml\ngenepool submit recipe.yaml --watch"
    )


def _lines(draft: Draft, findings: list[Finding]) -> list[Line]:
    known = (
        {where_of(path): line for path, line in getattr(draft.report.parsed.document, "lines", {}).items()}
        if draft.report
        else {}
    )
    marks: dict[int, Finding] = {}
    for finding in reversed(findings):
        line = finding.line or _nearest_line(finding.where, known)
        if line and finding.severity != "info":
            marks[line] = finding
    return [
        Line(text, marks[number].severity, marks[number].code.replace("_", " ")) if number in marks else Line(text)
        for number, text in enumerate(draft.text.rstrip("\n").split("\n"), start=1)
    ]


def _nearest_line(where: str, known: dict[str, int]) -> int | None:
    """The line of the place itself, or of the nearest part of the recipe around it."""
    while where:
        if where in known:
            return known[where]
        cut = max(where.rfind("."), where.rfind("["))
        where = where[:cut] if cut > 0 else ""
    return None


def _mark_sources(form: MergeForm, findings: list[Finding]) -> None:
    for row in form.sources:
        prefix = f"sources[{row.index}]"
        own = [
            finding
            for finding in findings
            if finding.where == prefix or finding.where.startswith((f"{prefix}.", f"{prefix}["))
        ]
        worst = next((finding for finding in own if finding.severity in ("error", "warning")), None)
        if worst:
            row.severity, row.note = worst.severity, worst.message

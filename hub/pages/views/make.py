"""Choose a kind, fill the form, see the findings, submit. Works the same with and without JavaScript."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from hub.accounts.selectors import namespaces_writable
from hub.catalog.models import Repo
from hub.core.errors import ApplicationError, NotFound, Refused
from hub.core.ratelimit import limit_check
from hub.pages.making.choosing import found, groups_of
from hub.pages.making.matrix import matrix_of
from hub.pages.making.starters import starter
from hub.pages.making.state import Draft, draft_act, draft_check, draft_new, draft_posted, draft_show
from hub.pages.shell import signed_in
from hub.pages.words import KIND_NOUNS
from hub.recipes.limits import SUBMIT
from hub.recipes.overrides import override_create
from hub.recipes.services import recipe_submit
from workers.contracts.kinds import KINDS, Kind, kind_get
from workers.contracts.methods import method_get, methods_of

OFFERED = 200


@require_safe
def kinds(request: HttpRequest) -> HttpResponse:
    rows = [{"kind": kind, "methods": len(methods_of(kind.name))} for kind in KINDS if kind.has_form]
    return render(request, "make/kinds.html", {"rows": rows})


def _kind(name: str) -> Kind:
    kind = kind_get(name)
    if kind is None or not kind.has_form:
        raise NotFound(f"There is no kind of job called {name[:40]!r}.")
    return kind


def _offers(request: HttpRequest, draft: Draft) -> list[dict[str, str]]:
    """Models for the choice of sources: those of the base's shape first, the others with the reason why they will not fit."""
    document = draft.document if isinstance(draft.document, dict) else {}
    method = method_get("merge", str(document.get("method", ""))) if draft.kind == "merge" else None
    repos = list(
        Repo.objects.visible_to(request.user, "read")
        .filter(
            type="model",
            artifact__in=["adapter"] if method is not None and method.takes == "adapter" else ["model", "task_vector"],
        )
        .order_by("full_name")
        .values("full_name", "architecture", "parameters", "artifact", "bases")[:OFFERED]
    )
    if draft.kind != "merge":
        repos = [repo for repo in repos if repo["artifact"] != "task_vector"]
    base_name = str(document.get("base") or "").partition("@")[0]
    base = next((repo for repo in repos if repo["full_name"] == base_name), None)
    if base is None:
        return [{"name": repo["full_name"], "note": repo["architecture"]} for repo in repos]
    offers = []
    for repo in repos:
        if repo["artifact"] == "task_vector":
            fits = base_name in [name.partition("@")[0] for name in repo["bases"]]
            note = "task vector of this base" if fits else "task vector of another base"
            offers.append({"name": repo["full_name"], "note": note, "same": "1" if fits else ""})
            continue
        same = repo["architecture"] == base["architecture"] and repo["parameters"] == base["parameters"]
        reason = (
            "same shape as the base"
            if same
            else f"differs: {repo['architecture'] or 'unknown'}, {repo['parameters']:,} parameters".replace(
                ",", "\u202f"
            )
        )
        offers.append({"name": repo["full_name"], "note": reason, "same": "1" if same else ""})
    return sorted(offers, key=lambda offer: (not offer["same"], offer["name"]))


def _context(request: HttpRequest, kind: Kind, draft: Draft) -> dict:
    spaces = namespaces_writable(request.user)
    shown = draft_show(draft, namespace=spaces[0] if spaces else request.user.username)
    if shown.form and shown.form.namespace not in spaces:
        spaces = [shown.form.namespace, *spaces]
    datasets = (
        Repo.objects.visible_to(request.user, "read")
        .filter(type="dataset")
        .order_by("full_name")
        .values_list("full_name", flat=True)
    )
    return {
        "kind": kind,
        "noun": KIND_NOUNS.get(kind.name, kind.label.lower()),
        "draft": draft,
        "shown": shown,
        "check": draft.report.check if draft.report else None,
        "spaces": spaces,
        "datasets": list(datasets[:OFFERED]) if draft.tab == "form" else [],
        "offers": _offers(request, draft) if draft.tab == "form" else [],
        "matrix": matrix_of(draft.document, user=request.user)
        if draft.tab == "form" and kind.name == "evaluate"
        else None,
        "tabs": [("form", "Form"), ("yaml", "YAML"), ("cli", "Command line")],
    }


@require_http_methods(["GET", "POST"])
@signed_in
def recipe(request: HttpRequest, kind: str) -> HttpResponse:
    row = _kind(kind)
    if request.method == "GET":
        spaces = namespaces_writable(request.user)
        draft = draft_new(
            kind, starter(kind, request.GET, request.user, spaces[0] if spaces else request.user.username)
        )
        draft.find, draft.beside = request.GET.get("find", "")[:120], tuple(request.GET.getlist("beside"))[:8]
        if request.GET:
            draft_check(draft, request.user)
        return render(request, "make/recipe.html", _context(request, row, draft))
    draft = draft_posted(kind, request.POST)
    try:
        draft_act(draft, request.POST)
    except ApplicationError as error:
        draft.note = error.message
    if "override" in request.POST:
        _override(request, draft)
    if "send" in request.POST:
        return _submit(request, row, draft)
    draft_check(draft, request.user)
    return render(request, "make/recipe.html", _context(request, row, draft))


def _override(request: HttpRequest, draft: Draft) -> None:
    """An administrator lets the licence conflict of this recipe pass. The check that follows shows it."""
    report = draft_check(draft, request.user)
    try:
        override_create(
            asker=request.user, recipe=report.parsed.readable, verdict=report.check.licence,
            reason=request.POST.get("licence_reason", ""),
        )  # fmt: skip
    except ApplicationError as error:
        draft.note = error.message


def _submit(request: HttpRequest, kind: Kind, draft: Draft) -> HttpResponse:
    try:
        # counted together with the API's, or the form would be the way around its limit
        limit_check(SUBMIT, f"u{request.user.pk}")
        job, is_new = recipe_submit(
            user=request.user, document=draft.text, idempotency_key=draft.key, force="force" in request.POST
        )
    except Refused as error:
        draft_check(draft, request.user)
        draft.note = error.message
        return render(request, "make/recipe.html", _context(request, kind, draft), status=422)
    except ApplicationError as error:
        draft_check(draft, request.user)
        draft.note = error.message
        return render(request, "make/recipe.html", _context(request, kind, draft), status=error.status)
    if not is_new and job.idempotency_key != draft.key:
        messages.info(
            request,
            f"Job {job.number} made exactly this already, so it was not run again. “Run again” on the form forces it.",
        )
    return redirect("job", job.number)


@require_POST
@signed_in
def check(request: HttpRequest, kind: str) -> HttpResponse:
    """The live panel: findings, licence and estimate, with the notes beside the sources and the YAML as extras."""
    row = _kind(kind)
    draft = draft_posted(kind, request.POST)
    draft_check(draft, request.user)
    return render(request, "make/_check_fragment.html", _context(request, row, draft) | {"is_fragment": True})


@require_safe
def methods(request: HttpRequest, kind: str) -> HttpResponse:
    """The methods that say every word of `find`, while it is typed."""
    rows = methods_of(_kind(kind).name)
    if not rows:
        raise NotFound("This kind of job has no methods to choose from.")
    find = request.GET.get("find", "")[:120]
    return render(
        request, "make/_found.html", {"groups": groups_of(found(rows, find)), "find": find, "kind": _kind(kind)}
    )

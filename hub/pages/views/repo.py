"""The page of one entry, and its tabs on tensors and lineage."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from hub.catalog.likes import is_liked
from hub.catalog.scans import scan_attach
from hub.pages.benchmarks.showing import benchmarks_on
from hub.pages.boards.places import places_of
from hub.pages.cards import card_of
from hub.pages.claims import claims_shown
from hub.pages.entry import Addresses, Opened, deeds_of, entry_open, label_of, made_by, tabs_of
from hub.pages.gate import gate_of, gated_page
from hub.pages.licences import verdict_read
from hub.pages.lineage import graph_of, lineage_view
from hub.pages.measured import measured
from hub.pages.results.worth import worth_of
from hub.pages.samples.preview import preview_of
from hub.pages.trying import answer_at, answer_remembered, try_box
from hub.pages.usage import usage_of

TENSORS_SHOWN = 200
RESULTS = ("merge", "train", "extract")  # kinds of jobs whose results are put beside what went in


def entry_context(request: HttpRequest, opened: Opened, here: str) -> dict:
    output = made_by(opened) if opened.repo.type == "model" and here in ("card", "result") else None
    can_see_job = (
        output is not None
        and request.user.is_authenticated
        and (request.user.is_staff or output.job.owner_id == request.user.pk)
    )
    may_write, may_administer = deeds_of(request.user, opened.repo)
    return {
        "opened": opened,
        "repo": opened.repo,
        "commit": opened.commit,
        "facts": opened.facts,
        "tabs": tabs_of(opened, here, is_result=opened.manifest.get("kind") in RESULTS, may_administer=may_administer),
        "may_write": may_write,
        "may_administer": may_administer,
        "urls": Addresses(opened.repo),
        "gate": gate_of(request, opened.repo),
        # no likes at all: nobody's to look up
        "is_liked": bool(opened.repo.likes) and is_liked(user=request.user, repo=opened.repo)
        if here in ("card", "likers")
        else None,
        "licence": verdict_read(opened.manifest.get("licence")),
        "is_claimed": output is None,
        "job_number": output.job.number if can_see_job else None,
        "is_mine": request.user.is_authenticated and opened.repo.namespace.owner_id == request.user.pk,
    }


@require_safe
def model(request: HttpRequest, namespace: str, name: str) -> HttpResponse:
    opened = entry_open(request, namespace, name)
    context = entry_context(request, opened, "card")
    graph = graph_of(opened.repo, opened.commit, user=request.user, up=2, down=1)
    context |= {
        "label": _with_places(label_of(opened, job_number=context["job_number"]), opened, request),
        "usage": usage_of(opened),
        "card": None if opened.repo.disabled_reason else card_of(opened),
        "lineage": lineage_view(graph, method=opened.manifest.get("method", ""), is_short=True),
        "measured": measured(opened, user=request.user),
        "box": try_box(opened, user=request.user) if not context["gate"] else None,
        **_pending(request, opened, context["gate"]),
        "claims": claims_shown(opened, user=request.user),
        "scan": None if context["gate"] else scan_attach(opened.facts),
        "files": sorted(opened.facts.files, key=lambda file: -file.size_bytes)[:12],
    }
    return render(request, "catalog/model.html", context)


def _pending(request: HttpRequest, opened: Opened, gate: Any) -> dict[str, Any]:
    """A try that was asked for before the page was loaded afresh."""
    answer = None if gate else answer_remembered(request, opened)
    return {"answer": answer, **answer_at(opened, answer)}


def _with_places(label: dict[str, Any], opened: Opened, request: HttpRequest) -> dict[str, Any]:
    places = places_of(opened, user=request.user)
    rows = label["rows"]
    return label | {"rows": [*rows[:-1], ("Place", places), *rows[-1:]]} if places else label


@require_safe
def dataset(request: HttpRequest, namespace: str, name: str) -> HttpResponse:
    opened = entry_open(request, namespace, name, type="dataset")
    context = entry_context(request, opened, "card")
    context |= {
        "label": label_of(opened),
        "usage": usage_of(opened),
        "benchmarks": benchmarks_on(opened.repo, user=request.user),
        "preview": preview_of(opened, split=request.GET.get("split", ""), user=request.user),
        "card": None if opened.repo.disabled_reason else card_of(opened),
        "files": sorted(opened.facts.files, key=lambda file: -file.size_bytes)[:12],
    }
    return render(request, "catalog/model.html", context)


@require_safe
def tensors(request: HttpRequest, namespace: str, name: str) -> HttpResponse:
    opened = entry_open(request, namespace, name)
    context = entry_context(request, opened, "tensors")
    if context["gate"]:
        return gated_page(request, context)
    words = request.GET.get("q", "").strip().lower()[:200]
    rows = [(key, fact) for key, fact in opened.facts.tensors.items() if words in key.lower()]
    pages = Paginator(rows, TENSORS_SHOWN)
    context |= {
        "page": pages.get_page(request.GET.get("page")),
        "words": words,
        "found": len(rows),
        "scan": scan_attach(opened.facts),
    }
    return render(request, "catalog/tensors.html", context)


@require_safe
def lineage(request: HttpRequest, namespace: str, name: str) -> HttpResponse:
    opened = entry_open(request, namespace, name)
    graph = graph_of(opened.repo, opened.commit, user=request.user, up=4, down=3)
    context = entry_context(request, opened, "lineage") | {
        "lineage": lineage_view(graph, method=opened.manifest.get("method", "")),
        "worth": worth_of(opened.repo, opened.commit, user=request.user),
    }
    return render(request, "catalog/lineage.html", context)

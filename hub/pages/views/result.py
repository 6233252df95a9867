"""What a job made, beside its parents: gain, price, where the weights changed, what it cost, how to get it again."""

from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from hub.core.errors import NotFound
from hub.jobs.selectors import job_reproducible
from hub.jobs.states import FINAL
from hub.pages.comparing import comparison_for
from hub.pages.entry import Opened, entry_open, made_by
from hub.pages.layers import accounted, layers_figure
from hub.pages.measured import measured_from
from hub.pages.merged.barrier import barrier_figures
from hub.pages.merged.maps import map_figures
from hub.pages.merged.odd import odd_sentences
from hub.pages.merged.routers import routers_of
from hub.pages.merged.search import search_figures
from hub.pages.numbers import seconds, seconds_range, size
from hub.pages.recipe_text import recipe_yaml
from hub.pages.report import report_of
from hub.pages.results.apart import parents_apart
from hub.pages.results.extracted import extracted_of
from hub.pages.results.kept import kept_context
from hub.pages.views.evaluations import csv_response
from hub.pages.views.repo import entry_context
from hub.pages.words import KIND_NOUNS, plural
from workers.contracts.methods import method_get


def _receipt(report: dict[str, Any], job) -> dict[str, Any]:
    cost = report.get("cost") or {}
    inputs = sum(row.get("role") != "data" for row in report.get("inputs") or [])
    lines = [
        (f"Read, {inputs} {plural(inputs, 'model', 'models')}" if inputs else "Read", size(cost["read_bytes"]))
        if "read_bytes" in cost
        else None,
        ("Written", size(cost["written_bytes"])) if "written_bytes" in cost else None,
        ("Written", size(cost["write_bytes"])) if "write_bytes" in cost else None,
        ("Peak memory", size(cost["peak_memory_bytes"])) if cost.get("peak_memory_bytes") else None,
        ("CPU time", seconds(cost["cpu_s"])) if "cpu_s" in cost else None,
        ("GPU time", "none"),
    ]
    total = ("Wall time", seconds(cost["wall_s"])) if "wall_s" in cost else None
    note = ""
    if job is not None:
        low, high = (job.check_report.get("estimate") or {}).get("seconds") or (0, 0)
        note = f"Estimated before: {seconds_range(low, high)}." if high else ""
    return {"lines": [line for line in lines if line], "total": total, "note": note}


def _reproductions(output) -> list[dict[str, Any]]:
    if output is None:
        return []
    found = []
    for other in output.job.reproductions.filter(state="succeeded").select_related("owner").order_by("number")[:10]:
        verdict = (other.metrics or {}).get("reproduction") or {}
        found.append(
            {
                "owner": other.owner.username,
                "is_equal": bool(verdict.get("is_equal")),
                "digest": str(verdict.get("digest", ""))[:8],
            }
        )
    return found


def _measuring(job):
    """The evaluation that follows this job, as long as it has not ended."""
    return job.children.filter(kind="evaluate").exclude(state__in=FINAL).order_by("number").first()


def _made_from(opened: Opened) -> str:
    """`TIES, from 3 models and their base`: the words of the manifest, not of its code names."""
    recipe, words = opened.manifest.get("recipe") or {}, []
    if name := opened.manifest.get("method"):
        method = method_get(opened.manifest.get("kind") or "", name)
        words.append(f"by {method.label if method is not None else name}")
    listed = recipe.get("sources")
    if sources := len(listed) if isinstance(listed, list) else 0:
        words.append(
            f"from {sources} {plural(sources, 'model', 'models')}"
            + ((" and its base" if sources == 1 else " and their base") if recipe.get("base") else "")
        )
    return ", ".join(words)


@require_safe
def page(request: HttpRequest, namespace: str, name: str) -> HttpResponse:
    opened = entry_open(request, namespace, name)
    report = report_of(opened)
    if not opened.manifest.get("kind") and not report:
        raise NotFound("This entry was not made by a job of a hub, so there is no result to show.")
    output = made_by(opened)
    context = entry_context(request, opened, "result")
    job = output.job if output is not None and context["job_number"] else None
    own = opened.manifest.get("recipe")
    # What a search chose is the recipe to repeat and to change, not the question that it was the answer to.
    recipe = own if own and report.get("search") else (job.recipe if job else None) or own
    comparison = comparison_for(opened.repo, opened.commit, user=request.user)
    beside = measured_from(opened.repo, opened.commit, comparison)
    context |= kept_context(opened, comparison)
    context |= {
        "measured": beside,
        "measuring": _measuring(job) if comparison is None and job is not None else None,
        "apart": parents_apart(job, opened.commit, user=request.user) if comparison is None and job is not None else [],
        "report": report,
        "made_from": _made_from(opened),
        "noun": KIND_NOUNS.get(str(opened.manifest.get("kind")), "job"),
        "layers": layers_figure(opened.repo, report, opened.facts, opened.commit.oid),
        "maps": [
            (figure.title, replace(figure, title=""))
            for _, figure in map_figures(opened.repo, report, opened.facts, opened.commit.oid)
        ],
        "searched": [figure for _, figure in search_figures(opened.repo, report, opened.commit.oid)],
        "barrier": [figure for _, figure in barrier_figures(opened.repo, report, opened.commit.oid)],
        "extracted": extracted_of(report),
        "odd": odd_sentences(report, opened.facts),
        "routers": routers_of(report),
        "accounted": accounted(report, opened.facts)
        if report.get("tensors") is not None and report.get("kind") != "extract"
        else [],
        "receipt": _receipt(report, job) if report.get("cost") else None,
        "recipe": recipe_yaml(recipe) if recipe else "",
        "job": job,
        "can_reproduce": job is not None and job_reproducible(job),
        "reproductions": _reproductions(output),
        "findings": [finding for finding in report.get("findings") or [] if finding.get("severity") != "info"],
    }
    return render(request, "catalog/result.html", context)


@require_safe
def layers_csv(request: HttpRequest, namespace: str, name: str) -> HttpResponse:
    """`of` names one of the heat maps, or of the figures of a search and of lines between models; without it, the change of each layer."""
    opened = entry_open(request, namespace, name)
    given, what = (opened.repo, report_of(opened), opened.facts, opened.commit.oid), request.GET.get("of", "")
    named = dict(map_figures(*given)) if what else {}
    for figures in (search_figures, barrier_figures) if what else ():
        named |= dict(figures(opened.repo, given[1], opened.commit.oid))
    figure = named.get(what) if what else layers_figure(*given)
    if figure is None:
        raise NotFound("The report of this entry has no such figures by layer.")
    return csv_response("-".join([opened.repo.name, "layers", *([what] if what else [])]), figure.table)

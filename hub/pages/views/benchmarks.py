"""What can be measured on this hub: the list, one benchmark, and the form that makes and changes them."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from hub.accounts.selectors import namespaces_writable
from hub.benchmarks import selectors, services
from hub.benchmarks.definitions import metric_first
from hub.benchmarks.models import BenchmarkVersion
from hub.benchmarks.names import owned_name_validate
from hub.catalog.models import Commit
from hub.catalog.selectors import facts_of
from hub.core.errors import ApplicationError, Conflict, Forbidden, Invalid
from hub.core.ratelimit import Limit, limit_check
from hub.pages.benchmarks.examples import examples_of
from hub.pages.benchmarks.form import BuilderForm, document_of, form_of
from hub.pages.benchmarks.showing import definition_read, label_of, measure_command, noticed_of, version_rows
from hub.pages.browsing import url_with
from hub.pages.cards import card_of
from hub.pages.entry import Opened
from hub.pages.measures import metric_of, task_word
from hub.pages.shell import signed_in
from workers.contracts.tasks import TASKS
from workers.planning.builtins import builtin_get

SHOWN = 50
MAKE = Limit("benchmark-pages", 60, 3600)


@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    words, task = request.GET.get("q", "").strip()[:200], request.GET.get("task", "")[:40]
    rows = selectors.benchmarks_visible(request.user, q=words, task=task)
    page = Paginator(rows, SHOWN).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [(row, task_word(row.task), metric_of(metric_first(definition_read(row))).label) for row in page],
        "words": words,
        "tasks": [(row.name, row.label, row.name == task) for row in TASKS],
        "is_filtered": bool(words or task),
        "next_url": url_with(request, page=str(page.next_page_number())) if page.has_next() else "",
        "first_url": url_with(request, page=None) if page.number > 1 else "",
    }
    return render(request, "benchmarks/list.html", context)


@require_safe
def detail(request: HttpRequest, name: str) -> HttpResponse:
    version = version_for(request, name)
    versions = selectors.versions_of(user=request.user, benchmark=version.benchmark)
    opened = _data_opened(version)
    context = {
        "version": version,
        "benchmark": version.benchmark,
        "definition": definition_read(version),
        "task": task_word(version.task),
        "label": label_of(version),
        "examples": examples_of(version, opened, user=request.user),
        "card": card_of(opened) if opened is not None else None,
        "builtin": builtin_get(version.data_name) if not version.data_commit else None,
        "versions": version_rows(versions, version),
        "is_newest": versions[0].pk == version.pk,
        "command": measure_command(version, versions[0].pk == version.pk),
        "may_change": selectors.may_change(request.user, version.benchmark),
        "trouble_at": parse_datetime(version.trouble.get("at") or ""),
        "noticed": noticed_of(version),
    }
    return render(request, "benchmarks/detail.html", context)


def version_for(request: HttpRequest, name: str) -> BenchmarkVersion:
    """What `?version=` names, by default the newest."""
    text = request.GET.get("version", "")
    if text and not (text.isascii() and text.isdigit() and 1 <= int(text[:6]) == int(text[:9])):
        raise Invalid(f"{text[:20]!r} is not the number of a version. Write 1, 2, 3 …")
    return selectors.benchmark_get(user=request.user, name=name, number=int(text) if text else None)


def _data_opened(version: BenchmarkVersion) -> Opened | None:
    """The dataset at the pinned commit; None for built-in data, and for what was taken down or is gone."""
    repo = version.data_repo
    if repo is None or repo.disabled_reason:
        return None
    commit = Commit.objects.filter(repo=repo, oid=version.data_commit).first()
    if commit is None:
        return None
    commit.repo = repo
    return Opened(repo, commit, version.data_commit, facts_of(commit))


@require_http_methods(["GET", "POST"])
@signed_in
def new(request: HttpRequest) -> HttpResponse:
    given = request.POST if request.method == "POST" else request.GET
    form = form_of(given, user=request.user)
    error = None
    if request.method == "POST" and "make" in given:
        try:
            limit_check(MAKE, f"u{request.user.pk}")
            made = services.benchmark_create(
                user=request.user, name=_whole_name(form, given), title=given.get("title", ""), summary=given.get("summary", ""),
                namespace=given.get("namespace", "") or request.user.username, definition=document_of(form, given),
            )  # fmt: skip
            return redirect("benchmark", name=made.benchmark.name)
        except ApplicationError as refused:
            error = refused
    return _builder(request, form, error)


def _is_private(form: BuilderForm) -> bool:
    return form.data is not None and form.data.repo is not None and form.data.repo.visibility == "private"


def _whole_name(form: BuilderForm, given: QueryDict) -> str:
    """As it was typed; over private data with the namespace before it, where such names have to stand."""
    name, namespace = given.get("name", "").strip().lower(), given.get("namespace", "").strip().lower()
    return f"{namespace}.{name}" if name and namespace and "." not in name and _is_private(form) else name


def _name_error(error: ApplicationError | None, form: BuilderForm, given: QueryDict) -> str:
    """What is wrong with the name stands at its field, once."""
    if error is None:
        return ""
    try:
        owned_name_validate(_whole_name(form, given), given.get("namespace", ""))
    except Invalid as wrong:
        return wrong.message if wrong.message == error.message else ""
    return error.message if isinstance(error, Conflict) else ""


@require_http_methods(["GET", "POST"])
@signed_in
def revise(request: HttpRequest, name: str) -> HttpResponse:
    version = selectors.benchmark_get(user=request.user, name=name)
    given = request.POST if request.method == "POST" else request.GET
    form = form_of(given, user=request.user, start=definition_read(version))
    error = None
    if request.method == "POST" and "make" in given:
        try:
            limit_check(MAKE, f"u{request.user.pk}")
            services.benchmark_revise(
                user=request.user, name=name, definition=document_of(form, given),
                title=given.get("title"), summary=given.get("summary"),
            )  # fmt: skip
            return redirect("benchmark", name=version.benchmark.name)
        except ApplicationError as refused:
            error = refused
    elif not selectors.may_change(request.user, version.benchmark):
        raise Forbidden(
            f"Only those who may write to its namespace change {name}. You can make a benchmark of your own."
        )
    return _builder(request, form, error, version)


def _builder(
    request: HttpRequest, form: BuilderForm, error: ApplicationError | None, version: BenchmarkVersion | None = None
) -> HttpResponse:
    given = request.POST if request.method == "POST" else request.GET
    benchmark = version.benchmark if version is not None else None
    name_error = _name_error(error, form, given) if version is None else ""
    context = {
        "form": form,
        "error": None if name_error else error,
        "name_error": name_error,
        "is_private": _is_private(form),
        "version": version,
        "benchmark": benchmark,
        "tasks": TASKS,
        "namespaces": namespaces_writable(request.user),
        "namespace": given.get("namespace", request.user.username),
        "name": given.get("name", ""),
        "title": given.get("title", benchmark.title if benchmark else ""),
        "summary": given.get("summary", benchmark.summary if benchmark else ""),
    }
    return render(request, "benchmarks/form.html", context, status=error.status if error is not None else 200)


@require_POST
@signed_in
def retire(request: HttpRequest, name: str) -> HttpResponse:
    number = request.POST.get("number", "")
    if not (number.isascii() and number.isdigit() and len(number) <= 6):
        raise Invalid("Say which version is to be retired, by its number.")
    services.version_retire(user=request.user, name=name, number=int(number), reason=request.POST.get("reason", ""))
    return redirect("benchmark", name=name)

"""Short pages on how to do things here; the methods page is generated from the method table."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from hub.core.errors import NotFound
from hub.pages.comparing_methods import comparison
from hub.pages.licences import licence_rows, operation_rows
from hub.pages.making.choosing import needs_words
from hub.pages.protocol import PROTOCOL
from workers.contracts.estimators import ESTIMATORS
from workers.contracts.kernels import kernel_figures
from workers.contracts.kinds import KINDS
from workers.contracts.methods import FAMILIES
from workers.contracts.methods.explained import explained
from workers.contracts.peft import DIFFERENCES, VERSION
from workers.contracts.tasks import TASKS, metric_get

TOPICS = (
    ("fetch", "Fetch a model", "With the HF clients, transformers, or our own command."),
    ("push", "Push a model", "Safetensors, a card, and what is refused at the door."),
    ("import", "Import from another hub", "Mirrored or metadata alone, from where, and every night."),
    ("share", "Share and protect", "Visibility, gates, organisations, tokens, the audit log, uploads in the page."),
    ("recipes", "Write a recipe", "The document behind form, API and command line."),
    ("evaluate", "Measure a model", "Data, tasks, benchmarks, and what a difference means."),
    ("results", "Read a result", "Intervals, seeds, flips, and what was given up."),
    ("ranking", "Which model to start from", "Rank entries for your labelled sample, and how far to trust that."),
    (
        "merge-methods",
        "How good merge methods are",
        "Every method on the same three models, what it costs, and why it stands there.",
    ),
    ("adapters", "Adapters", "Several as one, or each on its model, and where results differ from peft's."),
    ("kernels", "Kernels and GPUs", "When a merge uses a GPU, what its kernels move, and how they are tested."),
    ("licences", "Licences of results", "What the verdicts mean, which inputs bind, and the table behind them."),
    ("api", "Use the API", "Tokens, addresses, errors, webhooks."),
    ("hub-protocol", "What HF clients can do here", "Every address of the Hub protocol, and what it answers."),
    ("run", "Run a hub", "One machine or many, what happens to a job, webhooks, health."),
    (
        "operations",
        "Look after a hub",
        "Backup and restore, verifying, clearing away, stores, and what to do when something is wrong.",
    ),
)


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    return render(request, "docs/index.html", {"topics": TOPICS})


@require_safe
def topic(request: HttpRequest, name: str) -> HttpResponse:
    found = next((entry for entry in TOPICS if entry[0] == name), None)
    if found is None:
        raise NotFound("There is no such page.")
    return render(
        request,
        f"docs/{name}.html",
        {"topics": TOPICS, "here": name, "heading": found[1], "lead": found[2], "site_url": settings.SITE_URL}
        | (licence_context() if name == "licences" else {})
        | ({"tasks": task_rows()} if name == "evaluate" else {})
        | ({"protocol": PROTOCOL} if name == "hub-protocol" else {})
        | ({"estimators": ESTIMATORS} if name == "ranking" else {})
        | ({"comparison": comparison()} if name == "merge-methods" else {})
        | ({"peft": peft_context()} if name == "adapters" else {})
        | ({"kernels": kernel_figures()} if name == "kernels" else {}),
    )


def task_rows() -> list[dict[str, str]]:
    return [
        {
            "name": task.name,
            "label": task.label,
            "columns": ", ".join(column.role for column in task.columns if column.required),
            "metrics": ", ".join(metric_get(name).label for name in task.metrics),
        }
        for task in TASKS
    ]


def peft_context() -> dict[str, object]:
    groups = (("Several become one", "combining"), ("On a model", "applying"))
    return {
        "version": VERSION,
        "groups": [(heading, [row for row in DIFFERENCES if row.of == of]) for heading, of in groups],
    }


def licence_context() -> dict[str, object]:
    return {"licences": licence_rows(), "operations": operation_rows(), "policy": settings.LICENCE_POLICY}


@require_safe
def configuration(request: HttpRequest) -> HttpResponse:
    lead = "Every environment variable, from the table the settings are held to."
    context = {
        "topics": TOPICS,
        "here": "configuration",
        "heading": "Configuration",
        "lead": lead,
        "groups": settings.REFERENCE,
    }
    return render(request, "docs/configuration.html", context)


@require_safe
def methods(request: HttpRequest) -> HttpResponse:
    return render(request, "docs/methods.html", {"topics": TOPICS, "here": "methods", "families": family_rows()})


def family_rows() -> list[dict[str, object]]:
    """Families with their methods: each with its kind, what it needs in words, and what its file says of itself."""
    kinds = {kind.name: kind for kind in KINDS}
    rows = [
        {
            "family": family,
            "methods": [
                {
                    "method": method,
                    "kind": kinds[method.kind],
                    "needs": needs_words(method),
                    "explained": explained(method),
                }
                for method in family.methods
                if method.kind in kinds
            ],
        }
        for family in FAMILIES
    ]
    return [row for row in rows if row["methods"]]

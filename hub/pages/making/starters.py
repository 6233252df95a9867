"""What the form shows first: an entry to start from, a job to clone, or an empty recipe of the kind."""

import secrets
from typing import Any

from django.http import QueryDict

from hub.catalog.selectors import repo_get
from hub.core.errors import NotFound
from hub.evals.models import Evaluation
from hub.jobs.selectors import job_get
from hub.pages.recipe_text import recipe_yaml
from workers.contracts.documents import load_document
from workers.contracts.methods import method_get

MOST_DATASETS = 16


def starter(kind: str, params: QueryDict, user, namespace: str) -> dict[str, Any]:
    if ident := params.get("job", ""):
        document, _ = load_document(recipe_yaml(job_get(user=user, ident=ident).recipe))
        return dict(document)
    if kind == "merge":
        return _merge(params, user, namespace)
    if kind == "rank":
        return {"kind": "rank", "models": params.getlist("model"), "data": [], "limit": 2000, "seed": 0}
    if kind == "evaluate":
        measured = [{"benchmark": name} for name in params.getlist("benchmark")]
        measured += [{"data": name} for name in params.getlist("data")]
        return {"kind": "evaluate", "models": params.getlist("model"), "data": measured, "seed": 0}
    if kind == "extract":
        model = params.get("model", "")
        base = params.get("base", "") or (_base_of(model, user) if model else "")
        named = {key: name for key, name in (("model", model), ("base", base)) if name}
        output = {"repo": f"{namespace}/change-{secrets.token_hex(2)}", "visibility": "private"}
        return {"kind": "extract", **named, "form": "dense", "layout": "task_vector", "seed": 0, "output": output}
    document: dict[str, Any] = {
        "kind": "train",
        "data": [{"data": name, "split": "train"} for name in params.getlist("data") if name],
        "seed": 0,
    }
    if model := params.get("model", ""):
        document["model"] = model
    document["output"] = {"repo": f"{namespace}/trained-{secrets.token_hex(2)}", "visibility": "private"}
    return document


def _merge(params: QueryDict, user, namespace: str) -> dict[str, Any]:
    """Named entries become sources over the base that the first of them declares; an entry without a base is taken as the base."""
    names, base = [name for name in params.getlist("source") if name], params.get("base", "")
    if names and not base:
        base = _base_of(names[0], user)
        if not base:
            base, names = names[0], names[1:]
    method = method_get("merge", params.get("method", "")) or method_get("merge", "ties")
    assert method is not None  # noqa: S101  the table has it, a test says so
    defaults = {parameter.name: parameter.default for parameter in method.parameters if parameter.scope == "source"}
    document: dict[str, Any] = {"kind": "merge", "method": method.name}
    if base:
        document["base"] = base
    document["sources"] = [{"model": name, **defaults} for name in names]
    document["seed"] = 0
    if measured := _measured_on(base, user):
        document["evaluate"] = [{"data": name} for name in measured]
    document["output"] = {"repo": f"{namespace}/merged-{secrets.token_hex(2)}", "visibility": "private"}
    return document


def _base_of(name: str, user) -> str:
    try:
        repo = repo_get(user=user, full_name=name)
    except NotFound:
        return ""
    return repo.bases[0].partition("@")[0] if repo.bases else ""


def _measured_on(base: str, user) -> list[str]:
    """Datasets on which the base was measured: there the result can be shown beside it."""
    rows = Evaluation.objects.visible_to(user).filter(
        repo__full_name__iexact=base, split="test", data_repo__isnull=False
    )
    return sorted(rows.values_list("data_name", flat=True).distinct())[:MOST_DATASETS] if base else []

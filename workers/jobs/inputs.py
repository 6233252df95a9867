"""Finds a job's inputs by their role, and an adapter's base among them."""

import json
from typing import Any

from workers.contracts.errors import UserError
from workers.contracts.findings import Finding
from workers.contracts.jobs import Input, JobRequest


def inputs_of(request: JobRequest, role: str) -> list[Input]:
    """In the order of the recipe."""
    return sorted((item for item in request.inputs if item.role == role), key=lambda item: item.index)


def inputs_rows(request: JobRequest) -> list[dict[str, Any]]:
    """For the report: every input with the digest of every file."""
    return [
        {
            "role": item.role, "reference": item.reference, "repo": item.facts.repo, "commit": item.facts.commit,
            "files": {file.path: file.sha256 for file in item.files},
        }
        for item in request.inputs
    ]  # fmt: skip


def base_of_adapter(request: JobRequest, adapter: Input) -> Input:
    """The input that `adapter` was made for: by name, and by commit where its adapter_config.json names one.

    Raises:
        UserError: it is not among the inputs.
    """
    config = adapter.facts.adapter
    name = str(config.get("base_model_name_or_path") or next(iter(adapter.facts.base), "")).partition("@")[0]
    commit = str(config.get("revision") or "")
    candidates = [
        item for item in request.inputs if item.role in ("base", "model") and item is not adapter and name in (item.facts.repo, item.reference.split("@")[0])
    ]  # fmt: skip
    exact = [item for item in candidates if commit and item.facts.commit.startswith(commit)]
    chosen = (exact or candidates)[:1]
    if not name or not chosen:
        message = f"{adapter.reference} is an adapter for {json.dumps(name) if name else 'a base it does not name'}, which is not among the models."
        finding = Finding(
            code="adapter_base_missing", severity="error", message=message, where=f"models[{adapter.index}]", stage="run",
            consequence="An adapter gives no answers without its base.",
        )  # fmt: skip
        raise UserError(message, (finding,))
    return chosen[0]

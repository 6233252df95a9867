"""The tokenizer files of a merge whose rows move, and the ids of special tokens in its configs."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from workers.contracts.plans import Plan
from workers.jobs.outputs import write_json
from workers.planning.tokenizers.files import CONFIG, FILE
from workers.planning.tokenizers.read import Tokenizer
from workers.planning.tokenizers.rows import rows_of, tokenizer_of
from workers.planning.tokenizers.token_ids import token_ids_moved

_CONFIGS = ("config.json", "generation_config.json")


def tokenizer_write(plan: Plan, folders: Sequence[Path], out: Path) -> None:
    """Leaves the result's tokenizer, and configs that name special tokens by the ids that they have there.

    A tokenizer that is one model's as it stands has been copied already.
    """
    from workers.engine.io.rows import tokenizers_of

    if plan.vocabulary is None:
        return
    tokenizers = tokenizers_of(plan, folders)
    first = plan.vocabulary.order[0]
    made = tokenizer_of(plan.vocabulary, tokenizers)
    if made is not tokenizers[first]:
        (out / FILE).write_text(json.dumps(made.document, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        config = dict(made.config) if made.config else {"tokenizer_class": "PreTrainedTokenizerFast"}
        write_json(out / CONFIG, config)
    for name in _CONFIGS:
        _move_ids(plan, folders, tokenizers, made, name, out)


def tokenizer_report(plan: Plan, folders: Sequence[Path]) -> dict[str, Any]:
    """For report.json: how many tokens and rows there are, and how many tokens each model brought and lacked."""
    from workers.engine.io.rows import tokenizers_of

    vocabulary = plan.vocabulary
    if vocabulary is None:
        return {}
    tokenizers = tokenizers_of(plan, folders)
    made = tokenizer_of(vocabulary, tokenizers)
    table = next(iter(vocabulary.tables.values()))
    counts = {}
    if vocabulary.graft is None:
        held = {item.source: item.fact.shape[table.axis] for item in table.inputs}
        counts = rows_of(vocabulary, tokenizers, made, held).counts
    return {
        "tokens": len(made.tokens), "rows": vocabulary.rows, "tables": sorted(vocabulary.tables), "order": list(vocabulary.order),
        "held": {str(model): count for model, count in sorted(counts.items())},
    }  # fmt: skip


def _move_ids(
    plan: Plan, folders: Sequence[Path], tokenizers: dict[int, Tokenizer], made: Tokenizer, name: str, out: Path
) -> None:
    from workers.engine.io.rows import owners_of

    if plan.vocabulary is None or not (out / name).is_file():
        return
    owners = owners_of(plan)
    reference = next((source for source, path in plan.copied_files if path == name), 0)
    first = owners.get(plan.vocabulary.order[0], plan.vocabulary.order[0])
    known = {owners.get(model, model): tokenizer for model, tokenizer in tokenizers.items()}
    before = known.get(reference, known[first])
    donor = _object(folders[first] / name) if first != reference else None
    write_json(out / name, token_ids_moved(_object(out / name), before.tokens, made.tokens, donor))


def _object(file: Path) -> dict[str, Any]:
    if not file.is_file():
        return {}
    found = json.loads(file.read_text(encoding="utf-8"))
    return found if isinstance(found, dict) else {}

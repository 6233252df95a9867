"""Small forms for the kinds without a method table: a row of this table per field."""

from typing import Any

from django.http import QueryDict

from hub.pages.making.extract_fields import EXTRACT
from hub.pages.making.simple_field import SimpleField
from hub.pages.making.values import text_of, value_of
from workers.contracts.estimators import ESTIMATORS
from workers.contracts.recipes import LEARNING_RATES, Lora, TrainRecipe
from workers.contracts.tasks import task_get
from workers.planning.training import TRAINABLE


def _default(name: str) -> str:
    """As the recipe has it: the form says what the command line and the API say."""
    return text_of(TrainRecipe.model_fields[name].default)


FIELDS: dict[str, tuple[SimpleField, ...]] = {
    "evaluate": (
        SimpleField(
            ("models",),
            "Models",
            "One a line, as namespace/name or namespace/name@revision. Name the parents too: comparisons are paired.",
            "lines",
        ),
        SimpleField(
            ("data",),
            "Benchmarks and datasets",
            "One a line: a benchmark by its name, or a dataset as namespace/name, the split after a space if it is not test.",
            "data",
        ),
        SimpleField(("limit",), "At most so many examples", "Of each dataset. Empty: all.", "number"),
        SimpleField(
            ("batch_size",), "Batch size", "1 to 4096. Empty: as many as fit. Changes speed and memory only.", "number"
        ),
        SimpleField(("repeats",), "Runs of each", "1 to 10. More than one shows the noise floor.", "number"),
        SimpleField(("seed",), "Seed", "", "number"),
    ),
    "train": (
        SimpleField(
            ("model",),
            "Start from",
            "A model of this hub. Empty: from scratch, with an architecture given in the YAML tab.",
        ),
        SimpleField(("data",), "Datasets", "One a line. The split after a space, if it is not train.", "data"),
        SimpleField(
            ("task",),
            "Task",
            "The model gets a new last layer where it has none for it.",
            "choice",
            choices=(
                ("", "what the model is made for"),
                *((name, task.label) for name in TRAINABLE if (task := task_get(name))),
            ),
        ),
        SimpleField(
            ("new_head",),
            "A new last layer",
            "Draw the classification head anew, for the classes of the data. Needed where they are not those of the model.",
            "tick",
        ),
        SimpleField(("epochs",), "Epochs", "1 to 10 000.", "number", _default("epochs")),
        SimpleField(("batch_size",), "Batch size", "1 to 4096.", "number", _default("batch_size")),
        SimpleField(
            ("learning_rate",),
            "Learning rate",
            f"At its peak; above 0, at most 10. Empty: {LEARNING_RATES['all']:g} for all weights of a model, "
            f"{LEARNING_RATES['lora']:g} for a LoRA adapter, {LEARNING_RATES['scratch']:g} from scratch.",
            "number",
        ),
        SimpleField(("weight_decay",), "Weight decay", "0 to 10.", "number", _default("weight_decay")),
        SimpleField(("lora", "rank"), "LoRA rank", "Empty: all weights are trained.", "number"),
        SimpleField(
            ("lora", "alpha"),
            "LoRA alpha",
            "How strongly the adapter counts.",
            "number",
            text_of(Lora.model_fields["alpha"].default),
        ),
        SimpleField(("max_length",), "Longest input", "In tokens, for texts. Empty: what the model takes.", "number"),
        SimpleField(
            ("early_stop", "patience"),
            "Stop early after",
            "So many epochs without a lower validation loss; the best weights are kept. Empty: never.",
            "number",
        ),
        SimpleField(("seed",), "Seed", "", "number"),
        SimpleField(
            ("lora", "target_modules"),
            "LoRA layers",
            "Names of layers, one a line. Empty: every linear layer.",
            "lines",
        ),
        SimpleField(
            ("validation",),
            "Validate on",
            "A dataset, the split after a space if it is not validation. Empty: the validation splits of the datasets above.",
            "one",
        ),
        SimpleField(("output", "repo"), "Result", "namespace/name of the new entry."),
    ),
    "extract": EXTRACT,
    "rank": (
        SimpleField(
            ("data",), "Your labelled sample", "A dataset. The split after a space, if it is not test.", "data"
        ),
        SimpleField(("models",), "Models", "One a line. Empty: every entry that fits and that you may read.", "lines"),
        SimpleField(
            ("estimators",),
            "Estimators",
            f"One a line: {', '.join(row.name for row in ESTIMATORS)}. Empty: all.",
            "lines",
        ),
        SimpleField(("limit",), "At most so many examples", "Drawn with the seed. 20 to 100 000.", "number"),
        SimpleField(("seed",), "Seed", "", "number"),
    ),
}
# Keys of one entry of `data` that a line of the form can say.
LINE_KEYS = {"data", "split", "benchmark"}
VALIDATION = "validation"
DEFAULT_SPLIT = {"rank": "test", "evaluate": "test", "extract": "test", "train": "train", VALIDATION: VALIDATION}


def _get(document: Any, path: tuple[str, ...]) -> Any:
    for part in path:
        document = document.get(part) if isinstance(document, dict) else None
    return document


def _set(document: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for part in path[:-1]:
        document = document.setdefault(part, {})
    document[path[-1]] = value


def _text(kind: str, entry: SimpleField, value: Any) -> str:
    if entry.type == "lines":
        return "\n".join(map(text_of, value)) if isinstance(value, list) else text_of(value)
    if entry.type == "data":
        return "\n".join(_data_line(kind, row) for row in value) if isinstance(value, list) else ""
    if entry.type == "one":
        return _data_line(VALIDATION, value) if value is not None else ""
    if entry.type == "tick":
        return "true" if value is True else ""
    return text_of(value)


def _data_line(kind: str, row: Any) -> str:
    if not isinstance(row, dict):
        return text_of(row)
    split = row.get("split", "train" if kind == "train" else "test")  # what a recipe means that does not say
    if row.get("benchmark"):
        return f"{text_of(row['benchmark'])} {text_of(row['split'])}" if row.get("split") else text_of(row["benchmark"])
    return text_of(row.get("data")) if split == DEFAULT_SPLIT[kind] else f"{text_of(row.get('data'))} {split}"


def _value(kind: str, entry: SimpleField, text: str) -> Any:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if entry.type == "lines":
        return lines or None
    if entry.type == "data":
        return [_data_row(kind, line) for line in lines] or None
    if entry.type == "one":
        return _data_row(VALIDATION, text.strip()) if text.strip() else None
    if entry.type == "tick":
        return True if text else None
    return value_of(text) if entry.type in ("number", "range") else text.strip() or None


def _data_row(kind: str, line: str) -> dict[str, str]:
    name, _, split = line.partition(" ")
    if kind in ("evaluate", "extract") and "/" not in name and ":" not in name:
        return {"benchmark": name} | ({"split": split.strip()} if split.strip() else {})
    return {"data": name, "split": split.strip() or DEFAULT_SPLIT[kind]}


def simple_fits(kind: str, document: Any) -> bool:
    """Whether the form can show all that the document says of its data: columns, options and the like stay text."""
    if not isinstance(document, dict):
        return False
    rows = document.get("data") or []
    if "evaluate" in document:  # none at all is another wish than an empty field
        rows = document["evaluate"] or None
    one = document.get(VALIDATION)
    rows = [*rows, *([one] if one is not None else [])] if isinstance(rows, list) else None
    return rows is not None and all(isinstance(row, dict) and row.keys() <= LINE_KEYS for row in rows)


def fields_of(kind: str, document: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for entry in FIELDS[kind]:
        if not _is_shown(kind, entry, document):
            continue
        value = _text(kind, entry, _get(document, entry.path))
        # what a document names and no choice says stays visible: the check says what is wrong with it
        if entry.choices and not value:
            value = entry.choices[0][0]
        stray = ((value, value),) if entry.choices and value not in dict(entry.choices) else ()
        rows.append({"field": entry, "value": value, "choices": (*entry.choices, *stray), "knob": _knob(entry, value)})
    return rows


def _is_shown(kind: str, entry: SimpleField, document: Any) -> bool:
    name, values = entry.when
    if not name:
        return True
    other = next(other for other in FIELDS[kind] if other.path == (name,))
    return _is_shown(kind, other, document) and (_get(document, (name,)) or other.choices[0][0]) in values


def _knob(entry: SimpleField, value: str) -> dict[str, Any]:
    """For the slider."""
    return {
        "id": entry.name, "name": entry.name, "label": entry.label, "value": value or entry.default, "help": entry.help,
        "has_slider": True, "low": f"{entry.low:g}", "high": f"{entry.high:g}", "step": f"{entry.step:g}",
    }  # fmt: skip


def simple_document(kind: str, data: QueryDict, kept: dict[str, Any]) -> dict[str, Any]:
    """The fields over what the form does not show. A group none of whose fields is filled in is left out: no rank, no LoRA."""
    document: dict[str, Any] = {
        key: value for key, value in kept.items() if key not in {entry.path[0] for entry in FIELDS[kind]}
    }
    document = {"kind": kind, **document}
    for entry in FIELDS[kind]:
        value = _value(kind, entry, data.get(entry.name, ""))
        if value is not None and _is_shown(kind, entry, document):
            _set(document, entry.path, value)
    for name in {entry.path[0] for entry in FIELDS[kind] if len(entry.path) > 1}:
        own = {entry.path[1] for entry in FIELDS[kind] if entry.path[0] == name}
        if isinstance(document.get(name), dict) and isinstance(kept.get(name), dict):
            document[name] = {**{key: value for key, value in kept[name].items() if key not in own}, **document[name]}
    return document

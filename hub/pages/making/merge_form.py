"""The merge form: generated from the method table, read back into a document."""

import json
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict

from hub.pages.making import adapted, learning_data, prompts
from hub.pages.making.choosing import Chooser, is_learning, old_defaults
from hub.pages.making.search_form import SearchForm, search_fits, search_form_of, search_of
from hub.pages.making.values import text_of, value_of
from hub.pages.numbers import figure
from workers.contracts.methods import Method, Parameter, method_get
from workers.contracts.recipes import DTYPES

_TOKENIZERS = (("", "as the base"), ("base", "by tokens"), ("union", "union"))
KNOWN = ("kind", "method", "base", "sources", "data", "dtype", "tokenizer", "seed", "output", "evaluate", "search")
_NESTED = ("base", "sources", "output", "evaluate", "parameters", "data", "search", "diagnostics")
MOST_SOURCES_SHOWN = 64
_SLIDER = {"weight": (-1.0, 2.0), "lambda": (0.0, 2.0)}


@dataclass(frozen=True)
class Knob:
    """One parameter as a field. Slider ranges are where values usually lie; the field takes the whole range."""

    id: str
    name: str
    label: str
    help: str
    value: str
    type: str
    choices: tuple[str, ...] = ()
    has_slider: bool = False
    low: float = 0.0
    high: float = 1.0
    step: float = 0.05
    error: str = ""
    checked: bool = False
    range: str = ""


@dataclass
class SourceRow:
    index: int
    model: str
    knobs: list[Knob]
    extra: str = ""
    prompts: tuple[str, str] | None = None
    adapter: str = ""
    severity: str = ""
    note: str = ""


@dataclass
class MergeForm:
    method: Method | None
    method_name: str
    base: str
    sources: list[SourceRow]
    knobs: list[Knob]
    namespace: str
    name: str
    visibility: str
    output_extra: str
    dtype: str
    tokenizer: str
    seed: str
    evaluate: list[str]
    evaluate_rows: str
    extra: str
    base_adapter: str = ""
    data: str = ""
    shows_data: bool = False
    legend: list[Knob] = field(default_factory=list)
    dtypes: tuple[str, ...] = DTYPES
    tokenizers: tuple[tuple[str, str], ...] = _TOKENIZERS
    chooser: Chooser | None = None
    search: SearchForm = field(default_factory=SearchForm)


def _knob(parameter: Parameter, value: Any, name: str) -> Knob:
    low, high = _SLIDER.get(parameter.name, (parameter.minimum, parameter.maximum))
    given = parameter.default if value is None else value
    is_number = parameter.type in ("number", "integer")
    return Knob(
        id=f"f-{name}",
        name=name,
        label=parameter.label,
        help=parameter.help,
        value=text_of(given),
        type=parameter.type,
        choices=parameter.choices,
        has_slider=is_number and low is not None and high is not None and isinstance(given, int | float),
        low=low if low is not None else 0.0,
        high=high if high is not None else 1.0,
        step=parameter.step or (1 if parameter.type == "integer" else 0.05),
        checked=bool(given) if parameter.type == "boolean" else False,
        range=_range(parameter),
    )  # fmt: skip


def _range(parameter: Parameter) -> str:
    if parameter.minimum is None or parameter.maximum is None:
        return ""
    opening = "above " if parameter.exclusive_minimum else ""
    return f"{opening}{figure(parameter.minimum)} to {figure(parameter.maximum)}"


def form_fits(document: Any) -> bool:
    """True when every part of `document` has the shape the form can show; otherwise only YAML shows it whole."""
    if (
        not isinstance(document, dict)
        or document.get("kind", "merge") != "merge"
        or "merge_method" in document
        or "slices" in document
        or "modules" in document
    ):
        return False
    sources, output, evaluate = (
        document.get("sources", []),
        document.get("output") or {},
        document.get("evaluate") or [],
    )
    return (
        isinstance(sources, list)
        and len(sources) <= MOST_SOURCES_SHOWN
        and all(isinstance(source, dict) and isinstance(source.get("model", ""), str) for source in sources)
        # A gradient or a filter is more than a field can show.
        and not any(
            isinstance(value, dict | list)
            for source in sources
            for key, value in source.items()
            if key not in prompts.KEYS
        )
        and all(prompts.fits(source) for source in sources)
        and isinstance(output, dict)
        and isinstance(output.get("repo", ""), str)
        and isinstance(evaluate, list)
        and all(isinstance(entry, dict) and isinstance(entry.get("data"), str) for entry in evaluate)
        and adapted.fits(document.get("base"))
        and learning_data.fits(document.get("data", []))
        and search_fits(document.get("search"))
        and not any(isinstance(value, dict | list) for key, value in document.items() if key not in _NESTED)
    )


def form_of(document: dict[str, Any], *, namespace: str) -> MergeForm:
    name = text_of(document.get("method")) or "ties"
    method = method_get("merge", name)
    source_parameters = [parameter for parameter in method.parameters if parameter.scope == "source"] if method else []
    recipe_parameters = [parameter for parameter in method.parameters if parameter.scope == "recipe"] if method else []
    output = document.get("output") or {}
    space, _, short = text_of(output.get("repo")).rpartition("/")
    own = {parameter.name for parameter in method.parameters} if method else set()
    evaluate = document.get("evaluate") or []
    base, base_adapter = adapted.shown(document.get("base"))
    return MergeForm(
        method=method,
        method_name=name,
        base=base,
        base_adapter=base_adapter,
        sources=[
            _source_row(index, source, source_parameters, document, method)
            for index, source in enumerate(document.get("sources") or [])
        ],
        knobs=[
            _knob(parameter, document.get(parameter.name), f"p-{parameter.name}") for parameter in recipe_parameters
        ],
        namespace=space or namespace,
        name=short,
        visibility=text_of(output.get("visibility")) or "private",
        output_extra=_json({key: value for key, value in output.items() if key not in ("repo", "visibility")}),
        dtype=text_of(document.get("dtype")),
        tokenizer=text_of(document.get("tokenizer")),
        tokenizers=_tokenizers(text_of(document.get("tokenizer"))),
        seed=text_of(document.get("seed", 0)),
        evaluate=[entry["data"] for entry in evaluate],
        evaluate_rows=_json(
            {entry["data"]: {key: value for key, value in entry.items() if key != "data"} for entry in evaluate}
        ),
        extra=_json({key: value for key, value in document.items() if key not in KNOWN and key not in own}),
        data=learning_data.lines_of(document.get("data")),
        shows_data=is_learning(method) or bool(document.get("data")),
        legend=[_knob(parameter, None, f"l-{parameter.name}") for parameter in source_parameters],
        search=search_form_of(document.get("search"), method),
    )


def _tokenizers(given: str) -> tuple[tuple[str, str], ...]:
    """What can be chosen, with the model that a recipe names among it."""
    return _TOKENIZERS if given in dict(_TOKENIZERS) else (*_TOKENIZERS, (given, f"that of {given}"))


def _source_row(
    index: int, source: dict[str, Any], parameters: list[Parameter], document: dict[str, Any], method: Method | None
) -> SourceRow:
    """A value at the top of the recipe is the default of each source that gives none."""
    adapter = adapted.of_source(source)
    names = {"model", *(["adapter"] if adapter else []), *prompts.KEYS, *(parameter.name for parameter in parameters)}
    knobs = [
        _knob(parameter, source.get(parameter.name, document.get(parameter.name)), f"s-{index}-{parameter.name}")
        for parameter in parameters
    ]
    return SourceRow(
        index,
        text_of(source.get("model")),
        knobs,
        _json({key: value for key, value in source.items() if key not in names}),
        prompts.lines_of(source) if prompts.shown(method, source) else None,
        adapter,
    )


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value) if value else ""


def _kept(text: str) -> dict[str, Any]:
    """What the form does not show travels along in hidden fields."""
    try:
        value = json.loads(text) if text else {}
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def document_of(data: QueryDict) -> dict[str, Any]:
    """The document that the posted fields stand for. Defaults are written out: a recipe should say what it does."""
    name = data.get("method", "").strip()
    method = method_get("merge", name)
    document: dict[str, Any] = {"kind": "merge", "method": name}
    if base := data.get("base", "").strip():
        document["base"] = adapted.written(base, data.get("base_adapter", "").strip())
    was = old_defaults(data.get("method_was", name), name)
    document["sources"] = _sources(data, method, was)
    if rows := learning_data.rows_of(data.get("data", "")):
        document["data"] = rows
    for parameter in method.parameters if method else ():
        if (
            parameter.scope == "recipe"
            and (value := _posted(data, parameter, f"p-{parameter.name}")) is not None
            and value not in (parameter.default, was.get(parameter.name, parameter.default))
        ):
            document[parameter.name] = value
    document |= _kept(data.get("extra", ""))
    if search := search_of(data):
        document["search"] = search
    if dtype := data.get("dtype", ""):
        document["dtype"] = dtype
    if tokenizer := data.get("tokenizer", "").strip():
        document["tokenizer"] = tokenizer
    if (seed := value_of(data.get("seed", ""))) is not None:
        document["seed"] = seed
    rows = _kept(data.get("evaluate_rows", ""))
    if evaluate := [{"data": entry, **rows.get(entry, {})} for entry in data.getlist("evaluate") if entry]:
        document["evaluate"] = evaluate
    if short := data.get("out_name", "").strip():
        space = data.get("out_namespace", "").strip()
        document["output"] = {
            "repo": f"{space}/{short}" if space else short,
            "visibility": data.get("visibility", "private"),
            **_kept(data.get("output_extra", "")),
        }
    return document


def _sources(data: QueryDict, method: Method | None, was: dict[str, Any]) -> list[dict[str, Any]]:
    sources = []
    for index in range(MOST_SOURCES_SHOWN):
        model = data.get(f"s-{index}-model")
        if model is None:
            break
        source: dict[str, Any] = {"model": model.strip(), "adapter": data.get(f"s-{index}-adapter", "").strip() or None}
        for parameter in method.parameters if method else ():
            if parameter.scope == "source":
                value = _posted(data, parameter, f"s-{index}-{parameter.name}")
                is_untouched = value is None or (parameter.name in was and value == was[parameter.name])
                source[parameter.name] = parameter.default if is_untouched else value
        sources.append(
            {key: value for key, value in source.items() if value is not None}
            | prompts.posted(data, index)
            | _kept(data.get(f"s-{index}-extra", ""))
        )
    return sources


def _posted(data: QueryDict, parameter: Parameter, name: str) -> Any:
    if parameter.type == "boolean":
        return name in data if f"{name}-shown" in data else None
    text = data.get(name, "")
    if parameter.type == "choice":
        return text.strip() or None
    value = value_of(text)
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return float(value) if parameter.type == "number" and is_whole and abs(value) < 2**53 else value

"""The parts of a mergekit recipe in our form: models, slices, modules, and the parameters beside each of them."""

from typing import Any

from workers.contracts.complaints import Complaints, nearest, quoted
from workers.contracts.methods import Method
from workers.contracts.paths import Path
from workers.contracts.references import PLUS, adapted_join

_EVERYWHERE_WITHOUT_EFFECT = {"int8_mask"}
# mergekit knows these for the method and does nothing with them.
_WITHOUT_EFFECT = {"task_arithmetic": {"density", "rescale"}}
_SLICE = {"sources", "base_model", "parameters", "residual_weight"}
_MODULE = {"models", "slices", "parameters"}
_SOURCE = {"model", "parameters"}


class Reader:
    """`renamed` takes note of every place that moves, so that findings of our form point into theirs."""

    def __init__(
        self, document: dict[str, Any], method: Method | None, complaints: Complaints, renamed: list[tuple[Path, Path]]
    ) -> None:
        self._document = document
        self._method = method
        self._complaints = complaints
        self._renamed = renamed
        self._base = self.model(document.get("base_model"))
        self._takes_base = method is None or method.takes_base

    def fill(self, body: dict[str, Any]) -> None:
        """Adds sources, slices or modules to `body`, and takes the base out where the method has it among the models."""
        if "models" in self._document:
            body["sources"] = self._models(self._document["models"], ("models",), ("sources",))
        if "slices" in self._document:
            body["slices"] = self._slices(self._document["slices"], ("slices",))
        if "modules" in self._document:
            body["modules"] = self._modules(self._document["modules"])
        if self._base is None:
            self._hoist(body)
        elif not self._takes_base and self._names_base(body):
            del body["base"]
        elif not self._takes_base and "models" in self._document and self._averages_all():
            self._append_base(body)

    def model(self, value: Any) -> Any:
        """A model's name, with that of the adapter that is put on it where there is one."""
        lora = None
        if isinstance(value, dict):
            lora, value = value.get("lora"), value.get("model", value)
        value = _located(value)
        if isinstance(value, str) and "+" in value and PLUS not in value and lora is None:
            value, _, lora = value.partition("+")
        lora = _located(lora)
        return adapted_join(value, lora) if isinstance(value, str) and isinstance(lora, str) and lora else value

    def parameters(self, values: Any, path: Path) -> dict[str, Any]:
        """Parameters in our words. What has no effect is told and left out."""
        if values is None:
            return {}
        if not isinstance(values, dict):
            self._complaints.add("wrong_type", path, f"parameters is {quoted(values)}, it needs keys and values.")
            return {}
        name_of_method = self._method.name if self._method is not None else ""
        idle = _EVERYWHERE_WITHOUT_EFFECT | _WITHOUT_EFFECT.get(name_of_method, set())
        kept: dict[str, Any] = {}
        for name, value in values.items():
            if name in idle:
                message = f"{name} has no effect here and is left out."
                self._complaints.add("key_without_effect", (*path, name), message, severity="info")
            elif name == "scale" and value is None:
                continue
            else:
                kept[name] = _rescaled(value) if name == "rescale" else value
        return kept

    def _models(self, models: Any, path: Path, ours: Path) -> Any:
        """`ours` is where the list goes."""
        self._renamed.append((ours, path))
        if not isinstance(models, list):
            return models
        sources: list[Any] = []
        moved: list[tuple[Path, Path]] = []
        for index, entry in enumerate(models):
            place = (*path, index)
            if not isinstance(entry, dict):
                sources.append(entry)
            elif (source := self._source(entry, place, _SOURCE)) is not None:
                sources.append(source)
            else:
                continue
            moved.append(((*ours, len(sources) - 1), place))
        # Before the list itself: the first that fits says where a place was.
        self._renamed[-1:] = [*moved, (ours, path)]
        return sources

    def _source(self, entry: dict[str, Any], path: Path, known: set[str]) -> dict[str, Any] | None:
        """One entry; None for the base of a method that measures from it, which our form names once."""
        self._check_keys(entry, path, known)
        model = self.model(entry.get("model"))
        given = entry.get("parameters") or {}
        is_base = self._takes_base and self._base is not None and model == self._base
        if is_base and given:
            message = "The base has no parameters here: it is what the others are measured from."
            self._complaints.add("key_without_effect", (*path, "parameters"), message, severity="info")
        if is_base and "layer_range" not in known:
            return None
        source = {key: value for key, value in entry.items() if key not in known} | {"model": model}
        if "layer_range" in entry:
            source["layers"] = entry["layer_range"]
        return source | {"parameters": {} if is_base else self.parameters(given, (*path, "parameters"))}

    def _slices(self, slices: Any, path: Path) -> Any:
        if not isinstance(slices, list):
            return slices
        return [
            self._slice(item, (*path, index)) if isinstance(item, dict) else item for index, item in enumerate(slices)
        ]

    def _slice(self, item: dict[str, Any], path: Path) -> dict[str, Any]:
        self._check_keys(item, path, _SLICE)
        if item.get("residual_weight") is not None:
            message = "residual_weight has no effect, there or here, and is left out."
            self._complaints.add("key_without_effect", (*path, "residual_weight"), message, severity="info")
        part: dict[str, Any] = {"parameters": self.parameters(item.get("parameters"), (*path, "parameters"))}
        if item.get("base_model") is not None:
            part["base"] = self.model(item["base_model"])
            self._renamed.append(((*path, "base"), (*path, "base_model")))
        sources = item.get("sources")
        if isinstance(sources, list):
            part["sources"] = [
                self._source(source, (*path, "sources", index), {*_SOURCE, "layer_range"}) if isinstance(source, dict) else source
                for index, source in enumerate(sources)
            ]  # fmt: skip
            for index in range(len(sources)):
                place = (*path, "sources", index)
                self._renamed.append(((*place, "layers"), (*place, "layer_range")))
        elif "sources" in item:
            part["sources"] = sources
        return part

    def _modules(self, modules: Any) -> Any:
        if not isinstance(modules, dict):
            return modules
        made: dict[str, Any] = {}
        for name, module in modules.items():
            path: Path = ("modules", name)
            if not isinstance(module, dict):
                made[name] = module
                continue
            self._check_keys(module, path, _MODULE)
            part: dict[str, Any] = {"parameters": self.parameters(module.get("parameters"), (*path, "parameters"))}
            if module.get("models") is not None:
                part["sources"] = self._models(module["models"], (*path, "models"), (*path, "sources"))
            if module.get("slices") is not None:
                part["slices"] = self._slices(module["slices"], (*path, "slices"))
            made[name] = part
        return made

    def _check_keys(self, part: dict[str, Any], path: Path, known: set[str]) -> None:
        for key in part:
            if key not in known:
                meant = nearest(key, sorted(known))
                repair = [self._complaints.rename((*path, key), meant)] if meant and meant not in part else []
                self._complaints.add(
                    "unknown_key", (*path, key), f"{quoted(key)} is not a key here." + (f" Did you mean {meant}?" if meant else ""),
                    repair=[*repair, self._complaints.remove((*path, key))],
                )  # fmt: skip

    def _names_base(self, body: dict[str, Any]) -> bool:
        parts = [body, *(part for part in _values(body.get("modules")) if isinstance(part, dict))]
        cuts = [item for part in parts for item in _items(part.get("slices")) if isinstance(item, dict)]
        sources = [source for part in (*parts, *cuts) for source in _items(part.get("sources"))]
        return any(isinstance(source, dict) and source.get("model") == self._base for source in sources)

    def _averages_all(self) -> bool:
        """A method of any number of models without weights takes the base as one more of them."""
        method = self._method
        return method is not None and method.maximum_sources is None and method.parameter("weight") is None

    def _append_base(self, body: dict[str, Any]) -> None:
        if isinstance(body.get("sources"), list):
            body["sources"].append({"model": body.pop("base"), "parameters": {}})
            self._renamed.insert(0, (("sources", len(body["sources"]) - 1), ("base_model",)))
            message = "This method has no base. It averages the base model in as one more model, as mergekit does."
            repair = [self._complaints.remove(("base_model",), "Leave the base out")]
            self._complaints.add("base_averaged", ("base_model",), message, severity="warning", repair=repair)

    def _hoist(self, body: dict[str, Any]) -> None:
        """A base that only slices name: that of the first is the recipe's, the others keep theirs."""
        named = [item["base"] for item in _items(body.get("slices")) if isinstance(item, dict) and "base" in item]
        if named and self._takes_base:
            body["base"] = named[0]


def _located(value: Any) -> Any:
    """`{path, revision}` as one text; anything else as it is."""
    if not isinstance(value, dict) or not isinstance(value.get("path"), str):
        return value
    revision = value.get("revision")
    return f"{value['path']}@{revision}" if revision else value["path"]


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _values(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else []


def _rescaled(setting: Any) -> Any:
    """True and false in our words, wherever in a setting they stand."""
    if isinstance(setting, bool):
        return "l1" if setting else "none"
    if isinstance(setting, list):
        return [_rescaled(entry) for entry in setting]
    if isinstance(setting, dict):
        return {key: _rescaled(value) if key == "value" else value for key, value in setting.items()}
    return setting

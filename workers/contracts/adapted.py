"""Models that go into a merge with an adapter on them: `{model: ns/base, adapter: ns/lora}`, read as `ns/base + ns/lora`."""

from typing import Any

from workers.contracts.complaints import Complaints, quoted
from workers.contracts.paths import Path
from workers.contracts.references import PLUS, adapted_join, adapted_read


def adapters_join(body: dict[str, Any], complaints: Complaints) -> dict[str, Any]:
    """A merge's document with the adapter beside each model in the model's own text, wherever models are named."""
    return _part(body, (), complaints)


def _part(part: dict[str, Any], path: Path, complaints: Complaints) -> dict[str, Any]:
    """The recipe, a module or a slice."""
    joined = dict(part)
    if "base" in part:
        base = part["base"]
        joined["base"] = _entry(base, (*path, "base"), complaints).get("model") if _is_entry(base) else _read(base)
    if isinstance(part.get("sources"), list | tuple):
        joined["sources"] = [
            _entry(source, (*path, "sources", index), complaints) if isinstance(source, dict) else _read(source)
            for index, source in enumerate(part["sources"])
        ]
    if isinstance(part.get("slices"), list | tuple):
        joined["slices"] = [
            _part(item, (*path, "slices", index), complaints) if isinstance(item, dict) else item
            for index, item in enumerate(part["slices"])
        ]
    if isinstance(part.get("modules"), dict):
        joined["modules"] = {
            name: _part(item, ("modules", name), complaints) if isinstance(item, dict) else item
            for name, item in part["modules"].items()
        }
    return joined


def _is_entry(base: Any) -> bool:
    return isinstance(base, dict) and base.keys() <= {"model", "adapter"} and isinstance(base.get("model"), str)


def _entry(source: dict[str, Any], path: Path, complaints: Complaints) -> dict[str, Any]:
    joined = {name: value for name, value in source.items() if name != "adapter"}
    model, adapter = source.get("model"), source.get("adapter")
    if isinstance(model, str):
        joined["model"] = _read(model)
    if adapter is None:
        return joined
    place = (*path, "adapter")
    if not isinstance(adapter, str) or not adapter.strip():
        complaints.add("wrong_type", place, f"adapter is {quoted(adapter)}, it needs the name of an adapter.")
    elif isinstance(model, str) and PLUS in joined["model"]:
        message = (
            f"{quoted(model)} has an adapter on it already. A model takes one; combine several by adapter_cat first."
        )
        complaints.add("two_adapters", place, message, repair=[complaints.remove(place)])
    elif isinstance(model, str):
        joined["model"] = adapted_join(model, adapter)
    return joined


def _read(value: Any) -> Any:
    return adapted_read(value) if isinstance(value, str) else value

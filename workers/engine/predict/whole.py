"""Loaders of what ends up as one transformers model: a model, an adapter on its base, a task vector applied to its base."""

from pathlib import Path

from workers.engine.predict.adapters import load_adapted, own_head
from workers.engine.predict.load import Request
from workers.engine.predict.modules import head_wanted, load_module
from workers.engine.predict.task_vectors import load_applied
from workers.engine.predict.transformer import TransformerPredictor


def load_model(request: Request) -> TransformerPredictor:
    head = head_wanted(request.folder, request.task, request.name)
    module = load_module(request.folder, head=head, name=request.name, dtype=request.dtype)
    return TransformerPredictor(
        module, request.folder, head=head, name=request.name, device=request.device, size_bytes=weights_bytes(request.folder)
    )  # fmt: skip


def load_adapter(request: Request) -> TransformerPredictor:
    """Tokenizer and class names are the base's, unless the adapter brings a head of its own."""
    module = load_adapted(request.base, request.folder, task=request.task, name=request.name, dtype=request.dtype)
    fields, _ = own_head(request.folder)
    return _on_base(request, module, headed=request.folder if fields else None)


def load_task_vector(request: Request) -> TransformerPredictor:
    module = load_applied(request.base, request.folder, task=request.task, name=request.name, dtype=request.dtype)
    return _on_base(request, module)


def weights_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*.safetensors"))


def _on_base(request: Request, module: object, *, headed: Path | None = None) -> TransformerPredictor:
    """`headed` is the folder whose config.json speaks of the head, where that is not the base's."""
    head = head_wanted(headed or request.base, request.task, request.name if headed else f"the base of {request.name}")
    size = weights_bytes(request.base) + weights_bytes(request.folder)
    return TransformerPredictor(
        module, request.base, head=head, name=request.name, device=request.device, size_bytes=size
    )

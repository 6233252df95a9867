"""Tables with a row for each token, brought into the order of the result's vocabulary as they are read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import Lock

from kernels.late import torch
from workers.contracts.errors import UserError
from workers.contracts.findings import Finding
from workers.contracts.plans import Plan, TensorInput, TensorStep, VocabularyPlan, VocabularyTable
from workers.engine.io.reader import Reader
from workers.planning.tokenizers.files import TokenizerError
from workers.planning.tokenizers.read import Tokenizer, tokenizer_read
from workers.planning.tokenizers.rows import PADDING, Filling, Rows, rows_of, tokenizer_of


class Readers(list[Reader]):
    """One per model folder, and what is known of the models' tokenizers where rows move."""

    def __init__(self, readers: Sequence[Reader], plan: Plan, folders: Sequence[Path]) -> None:
        super().__init__(readers)
        self._plan, self._folders = plan, folders
        self._known: dict[tuple[tuple[int, int], ...], Rows] = {}
        self._tokenizers: tuple[dict[int, Tokenizer], Tokenizer] | None = None
        self._lock = Lock()

    def tables(self, step: TensorStep, tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """The step's inputs, each with the rows of the result in the result's order.

        Rows that a model lacks are filled as `workers.planning.tokenizers.rows` says. A mean is taken in float32 (float64 of
        float64 tables), as mergekit in the tables' own format where the plan is to compute as it does. Formats are widened to
        one that holds all inputs of the step.

        Cost: one table of the result's size for each input.
        Determinism: models are added up in the plan's order, whole tables in float64.
        """
        vocabulary = self._plan.vocabulary
        if vocabulary is None or step.name not in vocabulary.tables:
            return list(tensors)
        table = vocabulary.tables[step.name]
        tokenizers, _ = self.tokenizers(vocabulary)
        if vocabulary.graft is not None:
            from workers.engine.merge.tokenizer_transplant import graft

            return [graft(step, table, vocabulary, self, tokenizers, self._plan.seed)]
        rows = self._rows(vocabulary, table)
        dtype = tensors[0].dtype
        for tensor in tensors[1:]:
            dtype = torch.promote_types(dtype, tensor.dtype)
        filled = self._filled(table, rows, dtype)
        return [
            _aligned(tensor.movedim(table.axis, 0), rows.own[item.source], vocabulary.rows, filled, dtype).movedim(0, table.axis)
            for item, tensor in zip(step.inputs, tensors, strict=True)
        ]  # fmt: skip

    def raw(self, item: TensorInput) -> torch.Tensor:
        return self[item.source].tensor(item.key, item.fact)

    def tokenizers(self, vocabulary: VocabularyPlan) -> tuple[dict[int, Tokenizer], Tokenizer]:
        """Those of the models by position, and the result's."""
        with self._lock:
            if self._tokenizers is None:
                found = tokenizers_of(self._plan, self._folders)
                self._tokenizers = found, tokenizer_of(vocabulary, found)
            return self._tokenizers

    def _rows(self, vocabulary: VocabularyPlan, table: VocabularyTable) -> Rows:
        held = {item.source: item.fact.shape[table.axis] for item in table.inputs}
        key = tuple(held.items())
        tokenizers, out = self.tokenizers(vocabulary)
        with self._lock:
            if key not in self._known:
                self._known[key] = rows_of(vocabulary, tokenizers, out, held)
            return self._known[key]

    def _filled(self, table: VocabularyTable, rows: Rows, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
        """(places `[k]`, their rows `[k, …]`)."""
        places = sorted(rows.filled)
        views = {item.source: self.raw(item).movedim(table.axis, 0) for item in table.inputs}
        rest = next(iter(views.values())).shape[1:]
        maths = dtype if self._plan.compat is not None or dtype == torch.float64 else torch.float32
        total = torch.zeros((len(places), *rest), dtype=maths)
        for model, view in views.items():
            pairs = [
                (index, row) for index, place in enumerate(places) for owner, row in rows.filled[place].rows if owner == model
            ]  # fmt: skip
            if pairs:
                at, of = (torch.tensor(column) for column in zip(*pairs, strict=True))
                total.index_add_(0, at, view.index_select(0, of).to(maths))
        counts = torch.tensor([max(1, len(rows.filled.get(place, Filling()).rows)) for place in places], dtype=maths)
        total /= counts.view(-1, *[1] * len(rest))
        return torch.tensor(places, dtype=torch.int64), total.to(dtype)


def owners_of(plan: Plan) -> dict[int, int]:
    """In whose folder the papers lie of a model that has none of its own."""
    return dict.fromkeys(plan.deltas, 0) | {item.position: item.model for item in plan.adapted}


def tokenizers_of(plan: Plan, folders: Sequence[Path]) -> dict[int, Tokenizer]:
    """The tokenizers that the plan names, by the position of their models.

    A task vector's is that of its base, a model's with an adapter on it is the model's.

    Raises:
        UserError: one is no longer what it was when the recipe was checked.
    """
    models = plan.vocabulary.models if plan.vocabulary is not None else ()
    owners = owners_of(plan)
    found = {}
    for model in models:
        folder = folders[owners.get(model, model)]
        files = {path.name: path.stat().st_size for path in folder.iterdir() if path.is_file()}
        try:
            tokenizer = tokenizer_read(files, lambda name, folder=folder: (folder / name).read_bytes())  # type: ignore[misc]
        except TokenizerError as error:
            raise _unreadable(str(error)) from error
        if tokenizer is None:
            raise _unreadable("has lost its tokenizer files since the recipe was checked.")
        found[model] = tokenizer
    return found


def _aligned(
    view: torch.Tensor, own: Sequence[int], length: int, filled: tuple[torch.Tensor, torch.Tensor], dtype: torch.dtype
) -> torch.Tensor:
    """One model's table in the result's order: its own rows, then what stands in for others, then rows of no token."""
    places, rows = filled
    index = torch.tensor(own, dtype=torch.int64)
    result = torch.zeros((length, *view.shape[1:]), dtype=dtype)
    held = (index >= 0).nonzero().flatten()
    result.index_copy_(0, held, view.index_select(0, index[held]).to(dtype))
    if len(places):
        lacking = (index[places] < 0).nonzero().flatten()
        result.index_copy_(0, places[lacking], rows[lacking])
    empty = index == PADDING
    if bool(empty.any()):
        result[empty] = result[~empty].to(torch.float64).mean(0).to(dtype)
    return result


def _unreadable(reason: str) -> UserError:
    finding = Finding(code="tokenizer_unreadable", severity="error", message=f"A model {reason}", stage="run")
    return UserError(finding.message, (finding,))

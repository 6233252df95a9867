"""PREDICTOR: one entry, loaded and ready to answer. What it cannot do it refuses in words; who wants to know beforehand asks `can`."""

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from workers.contracts.errors import UserError
from workers.contracts.findings import Finding

Batch = Mapping[str, Any]
Doubles = NDArray[np.float64]
Floats = NDArray[np.float32]
Capability = Literal["classify", "regress", "token_logprobs", "mlm", "embed", "generate", "features"]

_DEEDS: dict[Capability, str] = {
    "classify": "tell classes apart",
    "regress": "predict a number",
    "token_logprobs": "say how probable a text is",
    "mlm": "fill gaps in a text",
    "embed": "turn texts into vectors",
    "generate": "write text",
    "features": "turn examples into vectors",
}


class Predictor:
    """Base of every way to run an entry. A subclass names in `can` what it implements; the rest ends in a UserError.

    `batch` is what `Examples.take` gives: the roles of the task, each a list or an array with one row per example.
    All methods answer row by row in the order of the batch, and with equal bits for an equal batch, one thread and one device.

    Attributes:
        name: as the recipe names the entry; stands in messages.
        labels: class names in index order, () where the entry has none.
        parameters: numbers that were learned; size_bytes: what they take on disk.
        can: the methods that work.
        remarks: what was noticed while answering and a reader of the numbers should know, each once.
    """

    can: frozenset[Capability] = frozenset()

    def __init__(
        self, *, name: str, labels: Sequence[str] = (), parameters: int = 0, size_bytes: int = 0, device: str = "cpu"
    ) -> None:
        self.name, self.labels, self.device = name, tuple(labels), device
        self.parameters, self.size_bytes = parameters, size_bytes
        self.remarks: list[str] = []

    def classify(self, batch: Batch) -> Doubles:
        """Scores float64 `[b, classes]`, whose softmax over a row is the model's probability of each class of `labels`."""
        raise self.cannot("classify")

    def regress(self, batch: Batch) -> Doubles:
        """Predicted numbers float64 `[b]`, in the unit of the target."""
        raise self.cannot("regress")

    def token_logprobs(self, texts: Sequence[str], max_length: int | None = None) -> list[tuple[Doubles, int]]:
        """For each text ln p of every one of its tokens, float64 `[t]`, and t. Their sum is ln p of the text.

        `max_length` bounds how many tokens the model sees at once, beside its own bound.
        """
        raise self.cannot("token_logprobs")

    def mlm(
        self, texts: Sequence[str], draws: Sequence[int], share: float = 0.15, max_length: int | None = None
    ) -> list[tuple[Doubles, NDArray[np.bool_]]]:
        """For each text ln p of every hidden token, float64 `[t]`, and whether it was the most probable one, bool `[t]`.

        `draws` is one seed for each text: it decides which tokens are hidden. `share` of them are, at least one.
        """
        raise self.cannot("mlm")

    def embed(self, texts: Sequence[str]) -> Floats:
        """One vector for each text, float32 `[b, d]`. Not normalised."""
        raise self.cannot("embed")

    def generate(self, prompts: Sequence[str], max_new_tokens: int, stop: Sequence[str] = ()) -> list[str]:
        """The most probable continuation of each prompt, token by token, cut before the first of `stop`."""
        raise self.cannot("generate")

    def features(self, batch: Batch) -> Floats:
        """What the entry's head sees of each example, float32 `[b, d]`: the pooled last hidden state."""
        raise self.cannot("features")

    @property
    def image_form(self) -> tuple[int | None, int | None, int | None]:
        """Channels, height and width of the pictures it takes; None where it does not say."""
        return None, None, None

    @property
    def outside_bytes(self) -> int:
        """Peak memory that the entry took in processes of its own."""
        return 0

    def close(self) -> None:
        """Gives back what the entry holds outside this process. It answers no more."""

    def remark(self, message: str) -> None:
        if message not in self.remarks:
            self.remarks.append(message)

    def cannot(self, deed: Capability) -> UserError:
        return refused("cannot_answer", f"{self.name} cannot {_DEEDS[deed]}.")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def refused(code: str, message: str, where: str = "models") -> UserError:
    """What ends a job `failed`, with its finding."""
    return UserError(message, (Finding(code=code, severity="error", message=message, where=where, stage="run"),))

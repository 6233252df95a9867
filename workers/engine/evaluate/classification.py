"""Classification: which class a model chooses, and how probable it holds the right one."""

from collections.abc import Callable

import torch

from workers.contracts.errors import UserError
from workers.contracts.findings import Finding
from workers.engine.datasets import Examples
from workers.engine.evaluate.answers import Answers


@torch.inference_mode()
def answer(
    model: torch.nn.Module,
    examples: Examples,
    *,
    name: str,
    batch_size: int = 64,
    between: Callable[[int], None] = lambda done: None,
) -> Answers:
    """Runs `model` over all `examples`, in the order of the file.

    prediction = argmax of the logits (lowest class first among equals), logprob = log softmax of the logits at the gold
    label, in float64: float32 loses the tail of a confident model.

    Args:
        between: called after each batch with the number of examples done; may raise to stop.

    Raises:
        UserError: a logit is NaN or infinite, or a gold label lies outside the model's classes.

    Determinism: equal bits for equal batch size and one thread.
    """
    model.eval()
    predictions, logprobs = [], []
    for start in range(0, len(examples), batch_size):
        labels = examples.labels[start : start + batch_size]
        logits = model(pixel_values=examples.images[start : start + batch_size]).logits.to(torch.float64)
        _check(logits, labels, name, start)
        predictions.append(logits.argmax(dim=-1))
        logprobs.append(torch.log_softmax(logits, dim=-1).gather(1, labels[:, None])[:, 0])
        between(start + len(labels))
    return Answers(examples, torch.cat(predictions), torch.cat(logprobs))


def _check(logits: torch.Tensor, labels: torch.Tensor, name: str, start: int) -> None:
    broken = (~torch.isfinite(logits)).any(dim=-1)
    if bool(broken.any()):
        row = start + int(broken.nonzero()[0])
        _refuse(
            "nan_predictions",
            f"{name} answers with NaN or infinity, first at example {row}. Its weights are broken or overflow.",
        )
    classes = logits.shape[-1]
    if int(labels.min()) < 0 or int(labels.max()) >= classes:
        _refuse(
            "labels_outside",
            f"{name} knows {classes} classes; the data holds labels from {int(labels.min())} to {int(labels.max())}.",
        )


def _refuse(code: str, message: str) -> None:
    raise UserError(message, (Finding(code=code, severity="error", message=message, where="models", stage="run"),))

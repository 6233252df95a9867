"""Multiple choice and generation, asked and judged by lm-eval over documents of ours."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.contracts.errors import GenepoolError, UserError
from workers.engine.evaluate.batches import Measured
from workers.engine.evaluate.harness.docs import docs_of, shots_of
from workers.engine.predict.predictor import Predictor, refused
from workers.planning.harness import NEW_TOKENS, harness_findings

STOPS = ["\n"]


def answer(
    predictor: Predictor,
    examples: Measured,
    *,
    batch_size: int,
    options: Mapping[str, Any],
    between: Callable[[int], None] = lambda done: None,
) -> dict[str, NDArray[Any]]:
    """Puts all `examples` to `predictor`, in the order of the data.

    Multiple choice: each choice is weighed by ln p of its text after the question; correct where the highest is the right
    one, correct_norm where the highest per character is. logprob and confidence are the softmax over the choices, at the
    right one and at the highest. `options`: `fewshot` examples before each question, `style` plain or letters.

    Generation: the likeliest continuation, at most `max_new_tokens` (64) and up to one of `stop` (a new line). correct where
    it is the answer, space around left aside; token_f1 over words.

    `lm_eval_task` names a task that lm-eval brings, by which rows of this data are asked in place of our own way.

    Returns:
        multiple choice: gold, prediction int32; correct, correct_norm bool; logprob, confidence float64, each `[n]`.
        generation: gold, prediction str; correct bool; token_f1 float64, each `[n]`.

    Raises:
        UserError: options that mean nothing; examples without choices; a predictor that cannot weigh texts.

    Source: lm-eval 0.4.13, whose command line gives the same numbers on the same rows. Its documents, requests and metrics
        are lm-eval's; the probabilities are ours, in float64.
    """
    findings = harness_findings(examples.task, options, ("data", "options"))
    if findings:
        raise UserError(findings[0].message, tuple(finding.model_copy(update={"stage": "run"}) for finding in findings))
    needed = "token_logprobs" if examples.task == "multiple-choice" else "generate"
    if needed not in predictor.can:
        raise predictor.cannot(needed)  # type: ignore[arg-type]
    samples = _samples(predictor, examples, batch_size, options, between)
    between(len(examples))
    return _choices(samples) if examples.task == "multiple-choice" else _texts(samples)


def _samples(
    predictor: Predictor,
    examples: Measured,
    batch_size: int,
    options: Mapping[str, Any],
    between: Callable[[int], None],
) -> list[dict[str, Any]]:
    from workers.engine.evaluate.harness.builtin import builtin_task
    from workers.engine.evaluate.harness.model import model_of
    from workers.engine.evaluate.harness.run import samples_of
    from workers.engine.evaluate.harness.tasks import choice_task, generation_task

    fewshot = options.get("fewshot", 0)
    if "lm_eval_task" in options:
        task = builtin_task(options["lm_eval_task"], examples, fewshot=fewshot)
        requests = len(examples)
    else:
        docs, shots = docs_of(examples, range(len(examples))), shots_of(examples, fewshot)
        if examples.task == "multiple-choice":
            task = choice_task(docs, shots, style=options.get("style", "plain"), fewshot=fewshot)
            requests = sum(len(doc["choices"]) for doc in docs)
        else:
            task = generation_task(
                docs, shots, stop=list(options.get("stop", STOPS)), fewshot=fewshot,
                max_new_tokens=options.get("max_new_tokens", NEW_TOKENS),
            )  # fmt: skip
            requests = len(docs)

    def tick(done: int) -> None:
        between(min(len(examples) * done // max(requests, 1), len(examples)))

    model = model_of(predictor, batch_size=batch_size, tick=tick)
    if "lm_eval_task" not in options:
        return samples_of(model, task)
    from workers.engine.evaluate.harness.builtin import misfit

    try:
        samples = samples_of(model, task)
    except (GenepoolError, MemoryError):
        raise
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, AssertionError) as error:
        raise misfit(options["lm_eval_task"], examples, error) from error
    if len(samples) != len(examples):
        raise misfit(options["lm_eval_task"], examples, ValueError(f"{len(samples)} of {len(examples)} rows are asked"))
    return samples


def _choices(samples: list[dict[str, Any]]) -> dict[str, NDArray[Any]]:
    rows = []
    for sample in samples:
        weights = np.array([float(response[0]) for response in sample["filtered_resps"]])
        if not np.isfinite(weights).all():
            raise refused(
                "nan_predictions", "The model answers with NaN or infinity. Its weights are broken or overflow."
            )
        top = weights.max()
        logprobs = weights - top - np.log(np.exp(weights - top).sum())
        gold, chosen = int(sample["target"]), int(weights.argmax())
        rows.append(
            (gold, chosen, sample["acc"] == 1, logprobs[gold], np.exp(logprobs[chosen]), sample["acc_norm"] == 1)
        )
    types = {
        "gold": np.int32, "prediction": np.int32, "correct": bool, "logprob": np.float64, "confidence": np.float64, "correct_norm": bool,
    }  # fmt: skip
    return {
        name: np.array(column, dtype=type)
        for (name, type), column in zip(types.items(), zip(*rows, strict=True), strict=True)
    }


def _texts(samples: list[dict[str, Any]]) -> dict[str, NDArray[Any]]:
    from workers.engine.evaluate.harness.words import token_f1

    gold = [str(sample["target"]).strip() for sample in samples]
    written = [str(sample["filtered_resps"][0]).strip() for sample in samples]
    return {
        "gold": np.array(gold, dtype=object),
        "prediction": np.array(written, dtype=object),
        "correct": np.array(
            [_is_right(sample, *pair) for sample, *pair in zip(samples, written, gold, strict=True)], dtype=bool
        ),
        "token_f1": np.array(
            [token_f1(text, answer) for text, answer in zip(written, gold, strict=True)], dtype=np.float64
        ),
    }


def _is_right(sample: dict[str, Any], written: str, gold: str) -> bool:
    """As the task judges it; a task of lm-eval without that metric is judged by equal texts."""
    from workers.engine.evaluate.harness.words import exact_match

    return bool(sample.get("exact_match", exact_match(written, gold)) == 1)

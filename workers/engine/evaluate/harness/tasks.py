"""Our definitions as lm-eval's task objects: fixed functions over documents in memory. Nothing is downloaded, no template is rendered."""

from typing import Any

from workers.engine.evaluate.harness.docs import Doc, Docs
from workers.engine.evaluate.harness.formats import FORMATS
from workers.engine.evaluate.harness.words import exact_match, token_f1
from workers.planning.harness import NEW_TOKENS

VERSION = 1
_MEAN = {"aggregation": "mean", "higher_is_better": True}


def choice_task(docs: Docs, shots: Docs, *, style: str = "plain", fewshot: int = 0) -> Any:
    """`acc` takes the choice with the highest ln p, `acc_norm` that with the highest ln p per character. One space before a choice."""
    form = FORMATS[style]
    config = {
        "task": "genepool_multiple_choice",
        "output_type": "multiple_choice",
        "doc_to_text": form.text,
        "doc_to_choice": form.choices,
        "doc_to_target": _label,
        "metric_list": [{"metric": "acc", **_MEAN}, {"metric": "acc_norm", **_MEAN}],
    }
    return _task(config, docs, shots, fewshot)


def generation_task(
    docs: Docs, shots: Docs, *, stop: list[str], fewshot: int = 0, max_new_tokens: int = NEW_TOKENS
) -> Any:
    """The likeliest continuation of the question, up to one of `stop`, against the answer."""
    config = {
        "task": "genepool_generation",
        "output_type": "generate_until",
        "doc_to_text": _question,
        "doc_to_target": _answer,
        "generation_kwargs": {
            "until": list(stop),
            "max_gen_toks": max_new_tokens,
            "do_sample": False,
            "temperature": 0.0,
        },
        "process_results": judged,
        "metric_list": [{"metric": "exact_match", **_MEAN}, {"metric": "token_f1", **_MEAN}],
    }
    return _task(config, docs, shots, fewshot)


def judged(doc: Doc, results: list[str]) -> dict[str, float]:
    """Space around prediction and answer does not count."""
    return {
        "exact_match": exact_match(results[0], doc["answer"]),
        "token_f1": token_f1(results[0], doc["answer"]),
    }


def _label(doc: Doc) -> int:
    return int(doc["label"])


def _question(doc: Doc) -> str:
    return str(doc["question"])


def _answer(doc: Doc) -> str:
    return str(doc["answer"])


def _task(config: dict[str, Any], docs: Docs, shots: Docs, fewshot: int) -> Any:
    from lm_eval.api.task import ConfigurableTask

    class Task(ConfigurableTask):  # type: ignore[misc]
        """Few-shot examples are the first of the split that the document itself is not."""

        def fewshot_docs(self) -> Docs:
            return shots

    return Task(
        config={
            **config,
            "custom_dataset": lambda **options: {"test": docs},
            "test_split": "test",
            "fewshot_split": "test",
            "fewshot_config": {"sampler": "first_n"},
            "num_fewshot": fewshot,
            "target_delimiter": " ",
            "fewshot_delimiter": "\n\n",
            "metadata": {"version": VERSION},
        }
    )

"""Why two results cannot be put side by side, as far as that can be seen without reading an answer. Loads no arrays."""

from hub.core.errors import Invalid
from hub.evals.models import Evaluation

MOST_EXAMPLES = 2_000_000
MOST_BYTES = 512 * 2**20


def pair_check(first: Evaluation, second: Evaluation) -> None:
    """What can be seen without reading an answer."""
    meaning = [(row.definition_digest, row.task, row.data_name, row.data_commit, row.split) for row in (first, second)]
    if meaning[0] != meaning[1]:
        raise Invalid(
            "These two results were measured by different definitions, so their numbers do not mean the same. "
            "Measure both on one benchmark."
        )
    for row in (first, second):
        if row.invalid:
            raise Invalid(f"One of these results is not to be used: {row.invalid}")
        if row.predictions is None:
            raise Invalid("The single answers of one of these results were not kept. Measure it again.")
        if row.examples > MOST_EXAMPLES or row.predictions.size_bytes > MOST_BYTES:
            raise Invalid(f"These results have more than {MOST_EXAMPLES} examples. Compare them on a part of the data.")

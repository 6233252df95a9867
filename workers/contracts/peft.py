"""TABLE OF WHAT PEFT GETS WRONG about LoRA adapters, and what happens here: read by the docs, held to both packages by `make parity`."""

from dataclasses import dataclass
from typing import Literal

VERSION = "0.21.2"


@dataclass(frozen=True)
class Difference:
    """`when` says of which adapters; `theirs` what peft does with them, `ours` what is done here."""

    name: str
    of: Literal["combining", "applying"]
    when: str
    theirs: str
    ours: str


DIFFERENCES: tuple[Difference, ...] = (
    Difference(
        "one_source", "combining", "One adapter alone, by TIES or pruning",
        "Only scales it, whatever operation was asked for.", "Carries out the operation.",
    ),
    Difference(
        "rslora", "combining", "Rank-stabilised adapters (rsLoRA)",
        "Keeps their flag, so that the result is scaled by the root of its rank once more.",
        "Makes plain LoRA of them, with a scaling of 1.",
    ),
    Difference(
        "ranks_compared", "combining", "Rank patterns, by their factors",
        "Compares the largest number of each configuration, and refuses adapters whose modules have equal ranks.",
        "Compares the ranks of each module.",
    ),
    Difference(
        "ranks_saved", "combining", "Rank patterns, by their factors",
        "Saves the result without its rank pattern: it cannot be loaded again.",
        "Names the rank of each module in the result.",
    ),
    Difference(
        "layers", "combining", "Adapters of other layers each (layers_to_transform)",
        "Keeps the first one's layers, and leaves out what the others change elsewhere.",
        "Names every module that any of them changes.",
    ),
    Difference(
        "whole", "combining", "A head that one of them brings whole (modules_to_save)",
        "Puts the base's head into the result.", "Takes over the one that was trained.",
    ),
    Difference(
        "dora", "combining", "DoRA",
        "Leaves out the lengths, and gives the result new ones.",
        "Refuses: such changes have no sum with factors. Merge the models that they make.",
    ),
    Difference(
        "biases", "combining", "Biases on the factors B (lora_bias)",
        "Leaves them out without a word.", "Refuses. Merge the models that they make.",
    ),
    Difference(
        "one_dimension", "combining", "Convolutions along one dimension, by SVD",
        "Ends in an error.", "Decomposes their product as a matrix.",
    ),
    Difference(
        "rank_beyond", "combining", "A rank above the smaller side of a module, by SVD",
        "Ends in an error.", "Fills up with zeros.",
    ),
    Difference(
        "silent_output", "applying", "DoRA, where an output has no weights",
        "Divides by its length, which is zero: NaN.", "Leaves it at zero.",
    ),
    Difference(
        "rounded_twice", "applying", "Models in bfloat16 or float16, with safe_merge, and embeddings always",
        "Rounds the change to the short format before it adds it, and the sum once more.",
        "Adds in float32 and rounds once.",
    ),
    Difference(
        "tied", "applying", "Embeddings that are the head too",
        "Changes both, where the adapter as it runs changes one of them.", "Stores the head apart, and says so.",
    ),
)  # fmt: skip

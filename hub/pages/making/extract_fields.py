"""The form of an extraction: what is kept of a change decides which numbers there are to choose."""

from hub.pages.making.simple_field import SimpleField

_SPARSE, _LOW_RANK = ("form", ("sparse",)), ("form", ("low_rank",))
EXTRACT: tuple[SimpleField, ...] = (
    SimpleField(("model",), "Fine-tune", "The model whose change is taken."),
    SimpleField(("base",), "Base", "The model that it was made from."),
    SimpleField(
        ("form",), "Form", "What is kept of the change. The report says how much is lost, measured on every tensor.", "choice",
        choices=(
            ("dense", "dense: every number"), ("sparse", "sparse: the largest numbers"),
            ("low_rank", "low-rank: the strongest directions"), ("one_bit", "1-bit: signs, and one size for each tensor"),
        ),
        is_turning=True,
    ),
    SimpleField(
        ("layout",), "Stored as", "A LoRA adapter is what peft loads; merges and models take both.", "choice",
        choices=(("task_vector", "a task vector"), ("adapter", "a LoRA adapter")), when=_LOW_RANK, is_turning=True,
    ),
    SimpleField(
        ("density",), "Density", "Share of the numbers of each tensor that is kept, above 0 to 1.", "range", "0.1",
        low=0.01, high=1, step=0.01, when=_SPARSE,
    ),
    SimpleField(
        ("rank",), "Rank", "At most so many directions of each tensor, 1 to 65 536.", "range", "16", low=1, high=128, step=1, when=_LOW_RANK,
    ),
    SimpleField(
        ("energy",), "Energy", "As few directions as hold this share of the squared change, above 0 to 1. Empty: as many as the rank.",
        "number", when=_LOW_RANK,
    ),
    SimpleField(
        ("solver",), "Decomposition", "By random projection it is faster for large matrices, and a little worse.", "choice",
        choices=(("auto", "by size"), ("exact", "exact"), ("randomised", "by random projection")), when=_LOW_RANK,
    ),
    SimpleField(
        ("embeddings",), "Embeddings", "Whole, they lose nothing and take room; as factors, like the layers.", "choice",
        choices=(("whole", "whole"), ("low_rank", "as factors")), when=("layout", ("adapter",)),
    ),
    SimpleField(("include",), "Only tensors", "Shell patterns over names, one a line. Empty: all.", "lines"),
    SimpleField(("exclude",), "Without tensors", "Shell patterns over names, one a line.", "lines"),
    SimpleField(
        ("dtype",), "Number format", "Of what is kept.", "choice",
        choices=(("float32", "float32"), ("float16", "float16"), ("bfloat16", "bfloat16")),
    ),
    SimpleField(
        ("evaluate",), "Evaluate on",
        "One a line: a benchmark by its name, or a dataset as namespace/name. Measured applied to its base, beside its parents. Empty: on what they were measured.",
        "data",
    ),
    SimpleField(("seed",), "Seed", "For the random projection.", "number", when=_LOW_RANK),
    SimpleField(("output", "repo"), "Result", "namespace/name of the new entry."),
)  # fmt: skip

"""Methods that change the vocabulary of a model and leave the rest of it alone."""

from workers.contracts.methods.row import Method, Parameter

# Which of them look at the donor's embeddings, and need tokens that both models have.
ANCHORED = ("omp", "common_interpolation")

TOKENIZERS: tuple[Method, ...] = (
    Method(
        "tokenizer_transplant",
        "merge",
        "Tokenizer transplant",
        "Gives the base the tokenizer of the source. Rows of shared tokens are kept, those of new ones are made out of them.",
        "arXiv:2506.06607",
        "workers.engine.merge.tokenizer_transplant:merge",
        "base",
        (
            Parameter(
                "approximation", "choice", "New rows from",
                "omp: few shared tokens that make up the new one's row in the donor; common_interpolation: the shared tokens nearest "
                "to it there; subword: the pieces that the base's own tokenizer cuts it into; mean, zero, randn: no look at the token.",
                default="omp", choices=("omp", "common_interpolation", "subword", "mean", "zero", "randn"),
            ),
            Parameter(
                "k", "integer", "Shared tokens for each new one",
                "How many of them a new row is made of, for omp and common_interpolation.",
                default=64, minimum=1, maximum=4096, step=1,
            ),
            Parameter(
                "cosine_similarity", "boolean", "Nearest by angle",
                "For common_interpolation: nearness by angle in place of distance.", default=False,
            ),
            Parameter(
                "subword_method", "choice", "Pieces",
                "For subword: the mean or sum of the pieces' rows, a mean with falling weights, or one end of the word.",
                default="mean", choices=("mean", "sum", "weighted_mean", "first_last"),
            ),
            Parameter(
                "pad_to_multiple_of", "integer", "Rows in multiples of",
                "Rows without a token are added up to the next multiple; they are zeros.",
                default=1, minimum=1, maximum=65_536, step=1,
            ),
        ),
        maximum_sources=1, merges_base=True, memory="tensor", takes="tokenizer",
        when="Before models of different tokenizers are merged, or when another tokenizer suits the texts better.",
    ),
)  # fmt: skip

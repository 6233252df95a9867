"""Which tokenizer a merge's result gets, and where the rows of its embeddings come from."""

from typing import Annotated, Literal

from pydantic import Field

from workers.contracts.records import Record, Text

MAX_TOKENS = 10_000
MAX_PAD = 65_536


class TokenSource(Record):
    """One row: that of the same token in a model (`model`), of another token (`model_token`), or zeros (`zero`)."""

    kind: Literal["model", "model_token", "zero"]
    model: Text | None = None
    token: Text | None = None
    token_id: int | None = Field(default=None, ge=0, le=2**31)


class TokenRule(Record):
    """`force`: also for models that have the token. Without `source` the row is chosen as for any other token."""

    source: TokenSource | None = None
    force: bool = False


class TokenizerRule(Record):
    """`base`: whose tokens come first and whose rows stand in for missing ones; default: the base, else the first source."""

    source: Text = "union"
    tokens: dict[Annotated[str, Field(max_length=512)], TokenRule] = Field(default_factory=dict, max_length=MAX_TOKENS)
    pad_to_multiple_of: int | None = Field(default=None, ge=1, le=MAX_PAD)
    base: Text | None = None

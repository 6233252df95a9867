"""RECORDS: what all parts of recipes are made of, and the names of data."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[str, Field(max_length=512)]


class Record(BaseModel):
    """Base of all recipe parts. NaN and infinity are refused everywhere."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, populate_by_name=True)


class DataReference(Record):
    """A dataset repo (`ns/name[@revision]`) or `builtin:digits`, and one of its splits."""

    data: Text
    split: Literal["train", "validation", "test"] = "test"

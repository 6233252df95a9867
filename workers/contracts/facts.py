"""What is known of a repo from its headers and configs alone: the input of `workers.planning`, stored by the hub with each commit."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from workers.contracts.findings import Finding

Artifact = Literal[
    "model", "adapter", "task_vector", "learngene", "family", "composition", "pack", "learnware", "unknown"
]

DTYPE_BYTES: dict[str, int] = {
    "F64": 8,
    "F32": 4,
    "F16": 2,
    "BF16": 2,
    "I64": 8,
    "I32": 4,
    "I16": 2,
    "I8": 1,
    "U8": 1,
    "U16": 2,
    "U32": 4,
    "U64": 8,
    "BOOL": 1,
    "F8_E4M3": 1,
    "F8_E5M2": 1,
}


class TensorFact(BaseModel):
    """One tensor of a safetensors file. `begin` and `end` are bytes from the start of the *file*; `dtype` is safetensors' own name."""

    model_config = ConfigDict(frozen=True)

    dtype: str
    shape: tuple[int, ...]
    file: str
    begin: int
    end: int

    @property
    def elements(self) -> int:
        count = 1
        for size in self.shape:
            count *= size
        return count

    @property
    def size_bytes(self) -> int:
        return self.end - self.begin

    def component_of(self, name: str) -> str:
        """The folder of the model's component that the tensor `name` belongs to: `unet` for `unet/conv_in.weight`. "" for a model in one piece."""
        folder = self.file.rpartition("/")[0]
        return folder if folder and name.startswith(f"{folder}/") else ""

    def stored_name(self, name: str) -> str:
        """What the file itself calls the tensor `name`: a component's own name for it."""
        component = self.component_of(name)
        return name[len(component) + 1 :] if component else name


class FileFact(BaseModel):
    model_config = ConfigDict(frozen=True)

    path: str
    size_bytes: int
    sha256: str = ""


class Seen(BaseModel):
    """What the first part of a split, or the footer of its file, says of one column. `is_whole`: of all its rows.

    `missing` counts rows without a value, or with NaN or infinity (at least so many where only a footer was read);
    `first_missing` is the row of the first, None where that is not known. `low` and `high` bound the numbers. `counts` are the
    rows of each value, whole numbers and texts only; {} where there are many different ones, or they were not counted.
    """

    model_config = ConfigDict(frozen=True)

    rows: int = 0
    is_whole: bool = False
    missing: int = 0
    first_missing: int | None = None
    low: float | None = None
    high: float | None = None
    counts: dict[str, int] = Field(default_factory=dict)


class NotFinite(BaseModel):
    """A tensor with entries that are NaN or infinite, and how many of each."""

    model_config = ConfigDict(frozen=True)

    name: str
    nan: int = 0
    infinite: int = 0


class RepoFacts(BaseModel):
    """`reference` is how the recipe named it, `commit` what that resolved to ("" for a local folder).

    `config` is config.json, `adapter` adapter_config.json, `delta` what task_vector.json
    says of the whole (not of each tensor), `tensor_digest` that of the weights as the manifest has it, `labels` the class names in index order, `tokenizer_digest` the
    sha256 over the tokenizer files ("" without one), `base` the declared base model, `splits` a dataset's splits with
    row counts (-1: not counted, because only reading everything would tell), `columns` its columns with their Arrow types (`image` for pictures).
    `split_files` are the files of each split where the card lays them out (else their names tell). `seen` is what the first part of each split says of its columns, `problems` why models cannot be measured on a split, where that part tells.
    `pictures` is (channels, height, width) of the pictures of each split, as far as the headers of a few of them agree.
    """

    reference: str = ""
    repo: str = ""
    commit: str = ""
    repo_type: Literal["model", "dataset"] = "model"
    visibility: Literal["public", "private"] = "private"
    artifact: Artifact = "unknown"
    architecture: str = ""
    task: str = ""
    library: str = ""
    licence: str = ""
    languages: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    base: tuple[str, ...] = ()
    base_relation: str = ""
    config: dict[str, Any] = Field(default_factory=dict)
    adapter: dict[str, Any] = Field(default_factory=dict)
    delta: dict[str, Any] = Field(default_factory=dict)
    tensor_digest: str = ""
    labels: tuple[str, ...] = ()
    tokenizer_digest: str = ""
    vocabulary: int | None = None
    tensors: dict[str, TensorFact] = Field(default_factory=dict)
    parameters: int = 0
    dtype: str = ""
    files: tuple[FileFact, ...] = ()
    splits: dict[str, int] = Field(default_factory=dict)
    columns: dict[str, str] = Field(default_factory=dict)
    split_files: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    seen: dict[str, dict[str, Seen]] = Field(default_factory=dict)
    problems: dict[str, str] = Field(default_factory=dict)
    pictures: dict[str, tuple[int, int, int]] = Field(default_factory=dict)
    tokenizer: Any = Field(
        default=None, exclude=True, repr=False,
        description="what a recipe that unites tokenizers needs to be checked: workers.planning.tokenizers.attached; never stored",
    )  # fmt: skip
    flaws: tuple[Finding, ...] = Field(
        default=(), description="what was noticed of the weight files: shards that are missing, an index that lies"
    )
    scanned: bool | None = Field(
        default=None, description="whether the weights were searched for NaN and infinity; None where nobody scans"
    )
    not_finite: tuple[NotFinite, ...] = Field(
        default=(), description="the first tensors in which NaN or infinity was found, in the order of their names"
    )
    not_finite_tensors: int = Field(default=0, description="how many tensors hold NaN or infinity")

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)

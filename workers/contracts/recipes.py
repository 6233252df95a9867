"""RECIPES: what to make, as data. The same document for web form, REST and command line.

`parse` turns a document (object or YAML text) into a recipe or into *all* its findings at once. Unknown keys are errors that
name the nearest known key; every number has a range, taken from the method table.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from workers.contracts.records import DataReference as DataReference
from workers.contracts.records import Record as Record
from workers.contracts.records import Text as Text
from workers.contracts.searching import Diagnostics, Search
from workers.contracts.tokenizing import TokenizerRule

MAX_SOURCES = 256
MAX_SLICES = 1024
# Far above any model: the check of a slice knows how many layers its model has, and says so.
MAX_LAYERS = 2**53
BATCH_SIZE = 64  # where a recipe leaves it open and nothing speaks against it
# The peak learning rate of a training whose recipe leaves it open, by what is trained. All weights of a trained model: the one
# of the usual choices (3e-5 to 3e-4) that suits small and middling transformers alike. An adapter: ten times that, for its few
# numbers start at zero (Schulman et al. 2025, "LoRA Without Regret"). From scratch: Adam's own (Kingma and Ba 2015).
LEARNING_RATES = {"all": 1e-4, "lora": 1e-3, "scratch": 1e-3}
DTYPES = ("float32", "float16", "bfloat16", "float64")
Dtype = Literal["float32", "float16", "bfloat16", "float64"]
Visibility = Literal["private", "public"]
Prompts = Annotated[tuple[Annotated[str, Field(min_length=1, max_length=16_384)], ...], Field(max_length=256)]


class Output(Record):
    """Where the result goes. A branch other than `main` is made when it is not there."""

    repo: Text
    visibility: Visibility = "private"
    branch: Text = "main"
    message: Text = ""


class Source(Record):
    """One model that goes in. `parameters` holds the method's per-source values; in a document they stand beside `model`.

    The prompts are for a mixture of experts: texts that are to be sent to this one, and texts that are not.
    """

    model: Text
    parameters: dict[str, Any] = Field(default_factory=dict)
    positive_prompts: Prompts = ()
    negative_prompts: Prompts = ()

    @property
    def prompts(self) -> dict[str, list[str]]:
        """Those that there are: most methods have none, and their recipes stay what they were."""
        given = {"positive_prompts": self.positive_prompts, "negative_prompts": self.negative_prompts}
        return {key: list(prompts) for key, prompts in given.items() if prompts}


Layer = Annotated[int, Field(ge=0, le=MAX_LAYERS)]


class LayerSource(Source):
    """Some layers of one model: from the first number up to, and without, the second, counted from 0."""

    layers: tuple[Layer, Layer]


class Slice(Record):
    """Layers of the result, made from as many layers of each of its sources. Slices are laid one on the other, in order.

    `base` is what the sources' changes are measured from here, where it is not that of the recipe. It is one of `sources`.
    """

    sources: tuple[LayerSource, ...] = Field(min_length=1, max_length=MAX_SOURCES)
    base: Text | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)


class Module(Record):
    """A part of a model that has several, such as a text decoder beside a vision tower. Either `sources` or `slices`."""

    sources: tuple[Source, ...] = Field(default=(), max_length=MAX_SOURCES)
    slices: tuple[Slice, ...] = Field(default=(), max_length=MAX_SLICES)
    parameters: dict[str, Any] = Field(default_factory=dict)


class TrainingData(DataReference):
    """Data to learn from: the split for it goes without saying."""

    split: Literal["train", "validation", "test"] = "train"


class LearningData(TrainingData):
    """What a merge learns from. `columns` says which column plays which role of the models' task, where names do not."""

    columns: dict[Text, Text] = Field(default_factory=dict)


class Measure(DataReference):
    """What to measure on: a benchmark of the hub by its name (`digits-clean`, `digits-clean@2`), or data and how to read it.

    Without a task the one is taken that data and models have in common. A hub replaces `benchmark` by its definition before
    anything is checked. The fields are those of `workers.contracts.benchmarks.Definition`.
    """

    data: Text = ""
    benchmark: Text | None = None
    task: Text | None = None
    columns: dict[Text, Text] = Field(default_factory=dict)
    labels: tuple[Text, ...] = ()
    metrics: tuple[Text, ...] = ()
    slices: tuple[Text, ...] = ()
    cluster: Text = ""
    options: dict[Text, Any] = Field(default_factory=dict)
    limit: int | None = Field(default=None, ge=1, le=10_000_000)


class Recipe(Record):
    kind: str
    seed: int = Field(default=0, ge=0, le=2**63 - 1)
    output: Output | None = None


class MergeRecipe(Recipe):
    """Document form: the method's recipe-level parameters stand at top level, the per-source ones beside `model`.

    `evaluate` names data on which the result is measured beside its parents when the merge is done. Left out, it is what the
    parents were measured on; an empty list measures nothing.

    A parameter is one value, a list of values along the layers, `{value, filter}` for the tensors whose name contains the
    filter, or a list of those. A source's own comes before that of its slice, its module and the recipe.

    `slices` (or `modules`, with slices or sources of their own) stand in place of `sources`, which are then the models they
    name, in order of first mention.
    """

    kind: Literal["merge"] = "merge"
    method: Text
    base: Text | None = None
    sources: tuple[Source, ...] = Field(min_length=1, max_length=MAX_SOURCES)
    slices: tuple[Slice, ...] = Field(
        default=(),
        max_length=MAX_SLICES,
        description="which layers of which models make up the result, from the bottom up",
    )
    modules: dict[Text, Module] = Field(
        default_factory=dict, max_length=64, description="parts of the model that are made differently, by name"
    )
    parameters: dict[str, Any] = Field(default_factory=dict)
    data: tuple[LearningData, ...] = Field(
        default=(),
        max_length=MAX_SOURCES,
        description="for methods that learn: one dataset for each source, in their order, or one for all",
    )
    dtype: Dtype | None = Field(
        default=None, description="number format of the result; default: that of the base, else of the first source"
    )
    tokenizer: Text | TokenizerRule | None = Field(
        default=None,
        description="base, union, or the model whose tokenizer the result gets, and rules for single tokens; "
        "default: that of the first that has one, and no row moves",
    )
    chat_template: str | None = Field(
        default=None,
        max_length=200_000,
        description="auto for the one most models have, chatml, or the template itself; default: that of the tokenizer",
    )
    compat: Literal["mergekit"] | None = Field(
        default=None,
        description="mergekit: compute as it does, in the number format of the inputs; default: in float32, rounded once",
    )
    input_dtype: Dtype | None = Field(
        default=None,
        description="number format that inputs are cast to before anything is computed; default: as they are",
    )
    max_shard_bytes: int = Field(default=5_000_000_000, ge=1024, le=2**40)
    search: Search | None = Field(default=None, description="numbers, or the method itself, to be chosen by trying")
    diagnostics: Diagnostics | None = Field(default=None, description="what else is measured while it is merged")
    evaluate: tuple[Measure, ...] | None = None


class EvaluateRecipe(Recipe):
    """Every model is measured on every dataset. Parents may be listed too: comparisons are paired by example."""

    kind: Literal["evaluate"] = "evaluate"
    models: tuple[Text, ...] = Field(min_length=1, max_length=MAX_SOURCES)
    data: tuple[Measure, ...] = Field(min_length=1, max_length=64)
    limit: int | None = Field(default=None, ge=1, le=10_000_000, description="at most so many examples of each dataset")
    batch_size: int | None = Field(
        default=None, ge=1, le=4096, description="default: as many as fit; changes speed and memory only"
    )
    repeats: int = Field(
        default=1, ge=1, le=10, description="runs of the same measurement: more than one shows the noise floor"
    )


class RankRecipe(Recipe):
    """Which of `models` to start from for this labelled sample? Without models: every one that fits and may be read."""

    kind: Literal["rank"] = "rank"
    models: tuple[Text, ...] = Field(default=(), max_length=MAX_SOURCES)
    data: tuple[Measure, ...] = Field(min_length=1, max_length=1)
    estimators: tuple[Text, ...] = Field(default=(), max_length=32)
    limit: int = Field(default=2000, ge=20, le=100_000, description="at most so many examples, drawn with the seed")


class TryRecipe(Recipe):
    """One input through one model. `input` holds the roles of its task: text, image (base64), features, question …"""

    kind: Literal["try"] = "try"
    model: Text
    task: Text | None = None
    input: dict[Text, Any]


class Lora(Record):
    rank: int = Field(default=8, ge=1, le=1024)
    alpha: float = Field(default=16.0, gt=0, le=4096)
    dropout: float = Field(default=0.0, ge=0, lt=1)
    target_modules: tuple[Text, ...] = ()


class EarlyStop(Record):
    """Ends when the validation loss has not fallen by `least` for `patience` epochs; the best weights are kept."""

    patience: int = Field(default=3, ge=1, le=1000)
    least: float = Field(default=0.0, ge=0, le=10)


def learning_rate_default(recipe: Mapping[str, Any]) -> float:
    """The learning rate that goes without saying in this recipe, or in what there is of it."""
    if recipe.get("lora") is not None:
        return LEARNING_RATES["lora"]
    return LEARNING_RATES["scratch" if recipe.get("model") is None else "all"]


class TrainRecipe(Recipe):
    """Fine-tunes `model` (all weights, or a LoRA adapter when `lora` is given); without `model`, trains `architecture` from scratch."""

    kind: Literal["train"] = "train"
    model: Text | None = None
    architecture: dict[str, Any] | None = Field(
        default=None, description="a transformers config.json, for training from scratch"
    )
    data: tuple[TrainingData, ...] = Field(min_length=1, max_length=64)
    lora: Lora | None = None
    new_head: bool = Field(default=False, description="draw the last layer anew, for the classes of the data")
    epochs: int = Field(default=5, ge=1, le=10_000)
    max_steps: int | None = Field(default=None, ge=1, le=100_000_000, description="stop after so many updates")
    batch_size: int = Field(default=BATCH_SIZE, ge=1, le=4096)
    learning_rate: float = Field(
        default_factory=learning_rate_default, gt=0, le=10,
        description="at its peak; default: 0.0001 for all weights of a model, 0.001 for a LoRA adapter and from scratch",
    )  # fmt: skip
    weight_decay: float = Field(default=0.01, ge=0, le=10)
    warmup_ratio: float = Field(default=0.05, ge=0, le=1)
    schedule: Literal["cosine", "linear", "constant"] = "cosine"
    clip_norm: float = Field(default=1.0, gt=0, le=1e6)
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    precision: Literal["float32", "bfloat16", "float16"] = "float32"
    task: Text | None = Field(default=None, description="default: that of the model")
    columns: dict[Text, Text] = Field(default_factory=dict, description="which column plays which role of the task")
    max_length: int | None = Field(default=None, ge=1, le=2**20, description="longest input in tokens")
    validation: DataReference | None = None
    early_stop: EarlyStop | None = None
    checkpoint_s: float = Field(default=60.0, ge=0, le=86_400, description="seconds between checkpoints")
    evaluate: tuple[Measure, ...] | None = None


class ExtractRecipe(Recipe):
    """What `model` changed in `base`, stored as a task vector, or its strongest directions as a LoRA adapter.

    `include` and `exclude` are shell patterns over names of tensors; a tensor goes in where a pattern of `include` fits (or there
    is none) and none of `exclude` does.
    """

    kind: Literal["extract"] = "extract"
    model: Text = Field(description="the fine-tune")
    base: Text = Field(description="the model it was made from")
    form: Literal["dense", "sparse", "low_rank", "one_bit"] = Field(
        default="dense",
        description="dense: every number; sparse: the largest; low_rank: the strongest directions; one_bit: signs and one size",
    )
    layout: Literal["task_vector", "adapter"] = Field(
        default="task_vector", description="adapter: a LoRA adapter that peft loads, for the form low_rank"
    )
    density: float = Field(default=0.1, gt=0, le=1, description="for sparse: share of each tensor that is kept")
    rank: int = Field(
        default=16, ge=1, le=65_536, description="for low_rank: at most so many directions of each tensor"
    )
    energy: float | None = Field(
        default=None, gt=0, le=1, description="for low_rank: as few directions as hold this share of the squared change"
    )
    solver: Literal["auto", "exact", "randomised"] = Field(
        default="auto", description="for low_rank: auto decomposes large matrices by random projection, others exactly"
    )
    embeddings: Literal["whole", "low_rank"] = Field(
        default="whole", description="for adapters: whether changed embeddings come whole or as factors"
    )
    include: tuple[Text, ...] = Field(default=(), max_length=256)
    exclude: tuple[Text, ...] = Field(default=(), max_length=256)
    dtype: Literal["float32", "float16", "bfloat16"] = "float32"
    evaluate: tuple[Measure, ...] | None = None


class ImportRecipe(Recipe):
    """Takes `source` over from another hub into `output.repo`. `metadata` leaves the large files where they are."""

    kind: Literal["import"] = "import"
    source: Text = Field(description="hf:org/name, or hf:org/name@revision")
    type: Literal["model", "dataset"] = "model"
    mode: Literal["mirror", "metadata"] = "mirror"
    endpoint: Text | None = Field(default=None, description="the other hub; default: the first of IMPORT_HOSTS")
    all_refs: bool = Field(default=False, description="every branch and tag, not one revision alone")


AnyRecipe = MergeRecipe | ExtractRecipe | EvaluateRecipe | TrainRecipe | ImportRecipe | RankRecipe | TryRecipe

"""PLAN: what `check` works out and the engine carries out. One step per output tensor, from headers alone."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from workers.contracts.facts import TensorFact
from workers.contracts.findings import Finding, has_errors

Operation = Literal["merge", "copy"]


class TensorInput(BaseModel):
    """`source` counts the request's model inputs: 0 is the base where there is one, then the sources in recipe order."""

    model_config = ConfigDict(frozen=True)

    source: int
    key: str
    fact: TensorFact


class TensorStep(BaseModel):
    """How one output tensor is made. `parameters` are resolved scalars; per-source ones are lists in the order of `inputs` without the base.

    `is_table`: its inputs have a row for each token, which are put in the order of the result's vocabulary as they are read.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    operation: Operation
    inputs: tuple[TensorInput, ...]
    has_base: bool = False
    shape: tuple[int, ...]
    dtype: str
    parameters: dict[str, Any] = Field(default_factory=dict)
    is_table: bool = False


class Stored(BaseModel):
    """One tensor of an adapter."""

    model_config = ConfigDict(frozen=True)

    key: str
    fact: TensorFact


class AdapterChange(BaseModel):
    """What an adapter does to one tensor of its model: θ' = m ⊙ (θ + s·B·A)/‖θ + s·B·A‖, without m just θ + s·B·A.

    `whole` stands in place of θ where the adapter brings it; else θ is stored as `origin`. `across`: the outputs are the last
    axis, as in embeddings and in layers that keep their weight turned round. `bias` is added, scaled by s, to a tensor with one axis.
    """

    model_config = ConfigDict(frozen=True)

    origin: str = ""
    whole: Stored | None = None
    a: Stored | None = None
    b: Stored | None = None
    magnitude: Stored | None = None
    bias: Stored | None = None
    scaling: float = 1.0
    across: bool = False


class Adapted(BaseModel):
    """Input `position` is the model in folder `model` with the adapter in folder `adapter` on it; `changes` by the result's names."""

    model_config = ConfigDict(frozen=True)

    position: int
    model: int
    adapter: int
    changes: dict[str, AdapterChange]


class RowRule(BaseModel):
    """A token whose row a recipe says: the row of `token`, or number `token_id`, of model `source`; zeros without a source.

    `kind` is `as_usual` where only `force` is said. `force`: also for models that have the token.
    """

    model_config = ConfigDict(frozen=True)

    kind: Literal["as_usual", "row", "zero"]
    source: int = 0
    token: str | None = None
    token_id: int | None = None
    force: bool = False


class VocabularyTable(BaseModel):
    """A tensor with a row for each token. `inputs` are all models' that have one, whatever the step is made from."""

    model_config = ConfigDict(frozen=True)

    axis: int
    inputs: tuple[TensorInput, ...]


class VocabularyPlan(BaseModel):
    """Whose tokenizer the result gets, and how the rows of its tables follow the tokens. Sources are counted as in the plan.

    `order` lists whose tokenizers are united, the first of which keeps its ids; a single one is taken as it is. `models` are
    those with tokenizers of their own: the others' rows lie like those of `order[0]`. `base` has the first say where a model
    lacks a token. `rows` is how many the tables get; `keeps_padding`: rows without a token stay where the model has them.
    `graft` are the values of a method that makes new rows out of shared ones; see `tokenizer_transplant`.
    """

    model_config = ConfigDict(frozen=True)

    order: tuple[int, ...]
    models: tuple[int, ...]
    base: int | None = None
    rows: int
    keeps_padding: bool = True
    tokens: dict[str, RowRule] = Field(default_factory=dict)
    tables: dict[str, VocabularyTable] = Field(default_factory=dict)
    graft: dict[str, Any] | None = None


class Plan(BaseModel):
    """Steps in writing order, cut into shards: `shards[i]` lists the names of the steps that file i holds."""

    schema_: int = Field(default=1, alias="schema")
    method: str
    method_revision: int
    seed: int
    steps: tuple[TensorStep, ...]
    shards: tuple[tuple[str, ...], ...]
    compat: Literal["mergekit"] | None = Field(default=None, description="as in the recipe")
    input_dtype: str | None = Field(default=None, description="what tensors are cast to before anything is computed")
    copied_files: tuple[tuple[int, str], ...] = Field(
        default=(), description="(input index, path) of config, tokenizer and the like"
    )
    config: dict[str, Any] = Field(
        default_factory=dict, description="what config.json is to say otherwise than the copied one, by dotted key"
    )
    chat_template: str | None = Field(default=None, description="as in the recipe")
    vocabulary: VocabularyPlan | None = Field(
        default=None, description="where rows of embeddings change places with their tokens"
    )
    deltas: tuple[int, ...] = Field(
        default=(),
        description="inputs that are task vectors: their tensors are those of input 0 with the vector applied",
    )
    adapted: tuple[Adapted, ...] = Field(
        default=(),
        description="inputs with a LoRA adapter on them; adapters are counted after the models",
    )
    dropped: tuple[tuple[int, str], ...] = Field(
        default=(), description="(input index, tensor) that goes nowhere; each has a finding"
    )

    model_config = ConfigDict(populate_by_name=True, frozen=True)

    @property
    def in_memory(self) -> frozenset[int]:
        """The inputs whose tensors are put together in memory, and are no views of a file."""
        return frozenset((*self.deltas, *(item.position for item in self.adapted)))


class LicenceVerdict(BaseModel):
    """`verdict` for the result; `licence` is SPDX, "" while unresolved.

    `binding` names each input that binds the result, strictest first; `blocking` is the chain of what stopped or
    questioned it: input, role, licence, clause, reason. `notice` is the text of the result's NOTICE file.
    `override` is {by, at, reason} where an administrator let a denied job run; the verdict itself stays.
    """

    verdict: Literal["allow", "allow_with_obligations", "review", "deny", "unknown"] = "unknown"
    licence: str = ""
    reasons: tuple[str, ...] = ()
    binding: tuple[dict[str, str], ...] = ()
    operation: str = ""
    blocking: tuple[dict[str, str], ...] = ()
    obligations: tuple[str, ...] = ()
    notice: str = ""
    override: dict[str, str] = Field(default_factory=dict)


class Estimate(BaseModel):
    """What a job will cost, before it runs. Seconds are a range; memory is the peak of the child."""

    memory_bytes: int = 0
    least_memory_bytes: int = Field(default=0, description="a run that is allowed less is refused")
    read_bytes: int = 0
    write_bytes: int = 0
    seconds: tuple[float, float] = (0.0, 0.0)
    device: str = "cpu"
    prefers_gpu: bool = Field(default=False, description="a worker with a GPU does it sooner")
    device_reason: str = Field(default="", description="why the one or the other, in a sentence")


class Check(BaseModel):
    """The answer of `check`: all findings at once, the licence of the result, what it costs, and the plan when there is no error."""

    findings: tuple[Finding, ...] = ()
    agreements: tuple[str, ...] = Field(
        default=(), description="what agrees, in words, for the last line of the check panel"
    )
    licence: LicenceVerdict = LicenceVerdict()
    estimate: Estimate = Estimate()
    plan: Plan | None = None

    @property
    def ok(self) -> bool:
        return not has_errors(self.findings)

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
    """How one output tensor is made. `parameters` are resolved scalars; per-source ones are lists in the order of `inputs` without the base."""

    model_config = ConfigDict(frozen=True)

    name: str
    operation: Operation
    inputs: tuple[TensorInput, ...]
    has_base: bool = False
    shape: tuple[int, ...]
    dtype: str
    parameters: dict[str, Any] = Field(default_factory=dict)


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
    deltas: tuple[int, ...] = Field(
        default=(),
        description="inputs that are task vectors: their tensors are those of input 0 with the vector applied",
    )
    dropped: tuple[tuple[int, str], ...] = Field(
        default=(), description="(input index, tensor) that goes nowhere; each has a finding"
    )

    model_config = ConfigDict(populate_by_name=True, frozen=True)


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
    read_bytes: int = 0
    write_bytes: int = 0
    seconds: tuple[float, float] = (0.0, 0.0)
    device: str = "cpu"


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

"""EVENTS: one JSON object a line, from child to supervisor over an inherited descriptor."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, TypeAdapter


class ProgressEvent(BaseModel):
    """`done` of `total` `unit`s of the step called `message`. Also proof of life: silence for `hang_s` ends the child."""

    type: Literal["progress"] = "progress"
    done: float
    total: float
    unit: str = ""
    message: str = ""


class LogEvent(BaseModel):
    type: Literal["log"] = "log"
    level: Literal["info", "warning", "error"] = "info"
    message: str = Field(max_length=8192)


class MetricEvent(BaseModel):
    """One point of a live curve."""

    type: Literal["metric"] = "metric"
    name: str
    step: float
    value: float


class StepEvent(BaseModel):
    """A named step of the job begins or ends; `weight` is its share of the estimated time."""

    type: Literal["step"] = "step"
    name: str
    state: Literal["started", "finished"]
    weight: float = 1.0


class CheckpointEvent(BaseModel):
    """`unit` (a shard, an epoch) is journalled and will survive a kill."""

    type: Literal["checkpoint"] = "checkpoint"
    unit: str
    data: dict[str, Any] = Field(default_factory=dict)


class ErrorEvent(BaseModel):
    """The child's last word. `code` is that of `workers.contracts.errors`; findings only for `user_error`."""

    type: Literal["error"] = "error"
    code: str
    message: str
    traceback: str = ""
    findings: tuple[dict[str, Any], ...] = ()


Event = Annotated[
    ProgressEvent | LogEvent | MetricEvent | StepEvent | CheckpointEvent | ErrorEvent, Field(discriminator="type")
]
EVENT: TypeAdapter[Event] = TypeAdapter(Event)

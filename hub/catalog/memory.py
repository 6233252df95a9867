"""How much memory a model takes to run, from what the catalogue knows: number of parameters and their format."""

from django.db.models import Case, F, FloatField, Value, When
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Cast

from hub.core.errors import Invalid
from workers.contracts.facts import DTYPE_BYTES
from workers.contracts.sizes import bytes_of, count_of
from workers.planning.weights import DTYPE_NAMES

# Weights, a fifth on top for activations and buffers, and what a process with its libraries takes before it loads anything.
FACTOR, PROCESS_BYTES = 1.2, 256 * 2**20
# The catalogue names formats as recipes do (float32); those that recipes have no name for, as safetensors does, in lower case.
_BYTES = {DTYPE_NAMES.get(name, name.lower()): size for name, size in DTYPE_BYTES.items()}


def memory_expression() -> CombinedExpression:
    """Bytes, of a row of the catalogue, in SQL."""
    by_format: dict[int, list[str]] = {}
    for name, width in _BYTES.items():
        by_format.setdefault(width, []).append(name)
    size = Case(
        *(When(dtype__in=names, then=Value(float(width))) for width, names in by_format.items()), default=Value(4.0)
    )
    return Cast(F("parameters"), FloatField()) * size * FACTOR + float(PROCESS_BYTES)


def bytes_parse(text: str, name: str) -> int:
    """`8GB`, `512 MiB`, or a number of bytes."""
    size = bytes_of(text)
    if size is None:
        raise Invalid(f"{name} is {text[:40]!r}. Write a size like 8GB, 512MiB, or a number of bytes.")
    return size


def count_parse(text: str, name: str) -> int:
    """`300000`, `1.5M`, `7B`."""
    count = count_of(text)
    if count is None:
        raise Invalid(f"{name} is {text[:40]!r}. Write a number of parameters like 300000, 1.5M or 7B.")
    return count

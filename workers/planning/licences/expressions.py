"""SPDX expressions as choices: of licences joined by OR one is chosen, AND binds to both, WITH goes beside its licence."""

from functools import lru_cache
from itertools import product
from typing import Any

from license_expression import ExpressionError, ExpressionParseError, LicenseWithExceptionSymbol, Licensing

# More ways to choose than this are for a person to read: an expression comes from an uploaded card.
LIMIT = 64
_LENGTH = 1000
_licensing = Licensing()


@lru_cache(maxsize=1024)
def choices_of(expression: str) -> tuple[tuple[str, ...], ...]:
    """`A OR B AND C` as ((A,), (B, C)); () for what is no expression or offers too many choices."""
    if len(expression) > _LENGTH:
        return ()
    try:
        parsed = _licensing.parse(expression, simple=True)
    except (ExpressionError, ExpressionParseError, RecursionError):
        return ()
    found = _choices(parsed) if parsed is not None else []
    return tuple(sorted({tuple(sorted(set(choice))) for choice in found})) if 0 < len(found) <= LIMIT else ()


def _choices(node: Any) -> list[tuple[str, ...]]:
    if isinstance(node, _licensing.OR):
        return [choice for argument in node.args for choice in _choices(argument)][: LIMIT + 1]
    if isinstance(node, _licensing.AND):
        parts = [_choices(argument) for argument in node.args]
        total = 1
        for part in parts:
            total *= len(part)
        if total > LIMIT:
            # one more than may be: the caller refuses it
            return [()] * (LIMIT + 1)
        return [tuple(name for part in chosen for name in part) for chosen in product(*parts)]
    if isinstance(node, LicenseWithExceptionSymbol):
        # An exception only adds permissions, but which ones the table does not know: the pair stays a text of its own.
        return [(f"{node.license_symbol.key} WITH {node.exception_symbol.key}",)]
    return [(str(node.key),)]

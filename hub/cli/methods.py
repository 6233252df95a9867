"""`genepool methods`: the method table, for people and for scripts."""

import argparse
import sys

from hub.cli.report import json_print
from workers.contracts.describe import describe_method
from workers.contracts.kinds import KINDS
from workers.contracts.methods import METHODS, Method, Parameter

_NEEDS = {
    "weights": "the weights alone", "base": "a common base", "data": "some data", "labels": "labelled data", "gradients": "data and a backward pass", "search": "a search",
}  # fmt: skip


def main(argv: list[str]) -> int:
    kinds = [kind.name for kind in KINDS if kind.has_methods]
    parser = argparse.ArgumentParser(prog="genepool methods", description="What can be made, and with which settings.")
    parser.add_argument("--kind", choices=kinds, help="only the methods of one kind")
    parser.add_argument("--json", action="store_true", help="the answer of GET /api/v1/methods")
    options = parser.parse_args(argv)
    chosen = [method for method in METHODS if options.kind in {None, method.kind}]
    if options.json:
        json_print([describe_method(method) for method in chosen])
    else:
        sys.stdout.write("\n\n".join(_text(method) for method in chosen) + "\n")
    return 0


def _text(method: Method) -> str:
    lines = [f"{method.name}  ({method.kind}, needs {_NEEDS[method.needs]}; {method.paper})", f"  {method.summary}"]
    lines += [f"    {parameter.name:<10} {_range(parameter)}  {parameter.help}" for parameter in method.parameters]
    return "\n".join(lines)


def _range(parameter: Parameter) -> str:
    place = "each source" if parameter.scope == "source" else "recipe"
    if parameter.choices:
        values = " | ".join(parameter.choices)
    elif parameter.type == "boolean":
        values = "true | false"
    else:
        opening = "above " if parameter.exclusive_minimum else ""
        values = f"{opening}{_number(parameter.minimum)} to {_number(parameter.maximum)}"
    return f"{values}, default {_default(parameter)}, {place}.".ljust(48)


def _number(value: float | None) -> str:
    return "any" if value is None else f"{value:g}"


def _default(parameter: Parameter) -> str:
    if isinstance(parameter.default, bool):
        return "true" if parameter.default else "false"
    return f"{parameter.default:g}" if isinstance(parameter.default, int | float) else str(parameter.default or "none")

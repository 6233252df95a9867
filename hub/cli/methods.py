"""`genepool methods`: the method table, for people and for scripts."""

import argparse
import difflib
import shutil
import sys
import textwrap

from hub.cli.report import json_print
from workers.contracts.describe import describe_method
from workers.contracts.kinds import KINDS
from workers.contracts.methods import FAMILIES, METHODS, Method, Parameter
from workers.contracts.methods.explained import explained

_NEEDS = {
    "weights": "the weights alone", "base": "a common base", "data": "some data", "labels": "labelled data",
    "gradients": "data and gradients", "search": "a search",
}  # fmt: skip
_MARKS = {"base": "base", "data": "data", "labels": "labels", "gradients": "data, gradients", "search": "a search"}


def main(argv: list[str]) -> int:
    kinds = [kind.name for kind in KINDS if kind.has_methods]
    parser = argparse.ArgumentParser(prog="genepool methods", description="What can be made, and with which settings.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="methods to show with formula, parameters and ranges")
    parser.add_argument("--kind", choices=kinds, help="only the methods of one kind")
    parser.add_argument("--json", action="store_true", help="the answer of GET /api/v1/methods")
    options = parser.parse_args(argv)
    offered = [method for method in METHODS if options.kind in {None, method.kind}]
    if unknown := [name for name in options.names if name not in {method.name for method in offered}]:
        return _unknown(unknown[0], [method.name for method in offered])
    chosen = [method for method in offered if not options.names or method.name in options.names]
    if options.json:
        json_print([describe_method(method) for method in chosen])
    elif options.names:
        sys.stdout.write("\n\n".join(_details(method) for method in chosen) + "\n")
    else:
        sys.stdout.write(_overview(chosen))
    return 0


def _unknown(name: str, names: list[str]) -> int:
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5) or [each for each in names if name in each][:1]
    meant = f" Did you mean {near[0]}?" if near else " `genepool methods` lists them."
    sys.stderr.write(f"There is no method {name!r}.{meant}\n")
    return 2


def _overview(methods: list[Method]) -> str:
    """One line a method, by family, no wider than the terminal."""
    width = max(60, shutil.get_terminal_size((120, 24)).columns)
    column = max((len(method.name) for method in methods), default=0)
    parts = []
    for family in FAMILIES:
        rows = [method for method in family.methods if method in methods]
        if rows:
            parts.append(
                f"{family.label}: {family.summary}\n" + "".join(_line(method, column, width) for method in rows)
            )
    return "\n".join(parts) + "\nFormula, parameters and ranges of one: genepool methods NAME\n"


def _line(method: Method, column: int, width: int) -> str:
    mark = _MARKS.get(method.needs, "base" if method.needs_base else "")
    words = f"{method.summary} [{mark}]" if mark else method.summary
    return (
        textwrap.fill(words, width, initial_indent=f"  {method.name:<{column}}  ", subsequent_indent=" " * (column + 4))
        + "\n"
    )


def _details(method: Method) -> str:
    found = explained(method)
    lines = [
        f"{method.name}  ({method.kind}, needs {_NEEDS[method.needs]}; {method.paper})",
        f"  {method.summary}",
        f"  When: {method.when}",
        *(f"    {part}" for part in found.formula),
        f"  Source: {found.source}",
        *([f"  Cost: {found.cost}"] if found.cost else []),
    ]
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

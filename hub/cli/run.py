"""`genepool run RECIPE OUT` and `genepool merge RECIPE OUT`: recipes on local folders, without a server."""

import importlib


def main(argv: list[str]) -> int:
    return _run(argv, None)


def merge(argv: list[str]) -> int:
    return _run(argv, "merge")


def _run(argv: list[str], kind: str | None) -> int:
    # By name: the hub's own code must not reach the engine, and torch comes in only when a recipe is carried out.
    cli = importlib.import_module("workers.cli")
    code: int = cli.main(argv, kind=kind)
    return code

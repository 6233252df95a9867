"""`genepool rank FILE …`: features of somebody's own sample, ranked on this machine."""

import importlib


def main(argv: list[str]) -> int:
    # By name: the hub's own code must not reach the engine.
    code: int = importlib.import_module("workers.rank").main(argv)
    return code

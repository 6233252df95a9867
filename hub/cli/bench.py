"""`genepool bench TABLE`: measurements on this machine. Figures are printed, and kept under bench/ in the data directory."""

import importlib
import sys

TABLES: dict[str, tuple[str, str]] = {
    "merge": ("workers.bench.merge", "time and memory of every merge method beside plainly reading and writing the same bytes"),
    "merge-methods": ("workers.bench.methods", "how good every merge method is on the demo's digits, and what it costs"),
}  # fmt: skip


def main(argv: list[str]) -> int:
    if not argv or argv[0] not in TABLES:
        width = max(map(len, TABLES))
        lines = [f"  {name:<{width}}  {summary}" for name, (_, summary) in TABLES.items()]
        asked = bool(argv) and argv[0] in ("-h", "--help")
        usage = "\n".join(
            ["usage: genepool bench TABLE …", "", *lines, "", "`genepool bench TABLE --help` says more.", ""]
        )
        (sys.stdout if asked else sys.stderr).write(usage)
        return 0 if asked else 2
    # By name: measuring loads torch, and only then.
    code: int = importlib.import_module(TABLES[argv[0]][0]).main(argv[1:])
    return code

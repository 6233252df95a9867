"""The rows of `genepool bench merge-methods`, as figures and as text."""

from dataclasses import dataclass, field
from statistics import mean
from typing import Any

from workers.bench.notes import NOTES

MIB = 2**20


@dataclass
class Row:
    """One method, or one model as it is (no sources). `cells` are those of `workers.bench.cells`, one for each seed."""

    method: str
    label: str
    sources: int
    cells: list[dict[str, Any]] = field(default_factory=list)

    def figures(self) -> dict[str, Any]:
        chosen = [cell["chosen"] for cell in self.cells if "chosen" in cell]
        timed = next((cell for cell in self.cells if "seconds" in cell), {})
        return {
            "method": self.method, "label": self.label, "sources": self.sources, **_worth([cell["domains"] for cell in self.cells]),
            "seconds": timed.get("seconds"), "peak_memory_bytes": timed.get("peak_memory_bytes"), "note": NOTES.get(self.method, ""),
            "chosen": {**_worth([each["domains"] for each in chosen]), "settings": [each["settings"] for each in chosen]} if chosen else None,
            "learned": [cell.get("learned") for cell in self.cells] if any(cell.get("learned") for cell in self.cells) else None,
        }  # fmt: skip


def _worth(seeds: list[dict[str, float]]) -> dict[str, Any]:
    """Means over seeds of normalised accuracies: of the domains together, of each, and of the worst."""
    domains = {domain: mean(cell[domain] for cell in seeds) for domain in seeds[0]}
    worst = min(domains, key=lambda domain: domains[domain])
    by_seed = [mean(cell.values()) for cell in seeds]
    return {
        "mean": mean(by_seed), "seeds": by_seed, "domains": domains, "worst": domains[worst], "worst_domain": worst,
    }  # fmt: skip


def text_of(figures: dict[str, Any]) -> str:
    """The best first, by what they are worth as chosen or else at their preset. Notes stand below."""
    lines = [
        f"{'':24}{'preset':>8}{'worst':>8}  {'of':10}{'chosen':>8}{'worst':>8}{'seconds':>9}{'memory':>10}  sources"
    ]
    for row in sorted(figures["rows"], key=lambda row: -row["mean"]):
        seconds = f"{row['seconds']:.2f}" if row["seconds"] is not None else "–"
        memory = f"{row['peak_memory_bytes'] / MIB:.0f} MiB" if row["peak_memory_bytes"] is not None else "–"
        chosen = row["chosen"] or {}
        best, worst = (f"{chosen[name]:.3f}" if chosen else "–" for name in ("mean", "worst"))
        lines.append(
            f"{row['method']:24}{row['mean']:>8.3f}{row['worst']:>8.3f}  {row['worst_domain']:10}{best:>8}{worst:>8}{seconds:>9}{memory:>10}"
            f"  {row['sources'] or 'none'}"
        )
    notes = [f"{row['method']}: {row['note']}" for row in figures["rows"] if row["note"]]
    return "\n".join([*lines, "", *notes])

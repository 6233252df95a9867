"""What the search for NaN and infinity found: of a commit, from what is known of each of its weight files."""

from hub.catalog.models import WeightScan
from workers.contracts.facts import NotFinite, RepoFacts

MOST_SHOWN = 20


def scan_attach(facts: RepoFacts) -> RepoFacts:
    """`facts` with `scanned` and what was found. One question to the database, none for what has no weights."""
    weights = {fact.file for fact in facts.tensors.values()}
    hashes = {file.path: file.sha256 for file in facts.files if file.path in weights and file.sha256}
    if not hashes:
        return facts
    rows = WeightScan.objects.filter(state="done").in_bulk(list(set(hashes.values())))
    found: list[NotFinite] = []
    more = 0
    for path, sha256 in hashes.items():
        row = rows.get(sha256)
        if row is None or not row.tensors:
            continue
        # a component's tensors have its folder before their names, which the file itself does not know
        names = {fact.stored_name(name): name for name, fact in facts.tensors.items() if fact.file == path}
        found += [NotFinite(name=names.get(item["name"], item["name"]), nan=item["nan"], infinite=item["infinite"]) for item in row.tensors]  # fmt: skip
        more += row.tensors_count - len(row.tensors)
    found.sort(key=lambda item: item.name)
    return facts.model_copy(
        update={
            "scanned": len(hashes) == len(weights) and all(sha256 in rows for sha256 in hashes.values()),
            "not_finite": tuple(found[:MOST_SHOWN]),
            "not_finite_tensors": len(found) + more,
        }
    )

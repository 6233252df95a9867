"""What an evaluate job found: on each dataset the best of its models against the next best, and whether that is noise."""

from collections import defaultdict
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from hub.evals.models import Evaluation
from hub.jobs.models import Job
from hub.jobs.states import State
from hub.pages.beside.verdicts import MOST_ROWS, WORKED_OUT_HERE, Verdict, held_together, verdict_between
from hub.pages.job_models import called
from hub.pages.measured import domain_words
from hub.pages.measures import metric_of

MOST_COMPARED = 5


def verdicts_of_job(job: Job, user: Any) -> dict[str, Any] | None:
    """`rows`, and where to see the models side by side; None for other kinds, and with one model."""
    if job.kind != "evaluate" or job.state != State.SUCCEEDED:
        return None
    measured: dict[tuple[str, str, str], list[Evaluation]] = defaultdict(list)
    found = Evaluation.objects.visible_to(user).filter(job=job, repeat=0, invalid="", score__isnull=False)
    for row in found.select_related("repo", "predictions").order_by("created_at")[: MOST_ROWS * MOST_ROWS]:
        measured[row.data_name, row.definition_digest, row.metric].append(row)
    several = {key: rows for key, rows in measured.items() if len(rows) > 1}
    if not several:
        return None
    models = called(job)
    words = domain_words([name for name, _, _ in several])
    rows, left = [], WORKED_OUT_HERE
    for word, ((_, _, name), entries) in list(zip(words, several.items(), strict=True))[:MOST_ROWS]:
        metric = metric_of(name)
        sign = -1 if metric.higher_is_better else 1
        first, second = sorted(entries, key=lambda row: sign * row.score)[:2]  # type: ignore[operator]
        names = _short(models.of(first)[0]), _short(models.of(second)[0])
        verdict, worked_out = verdict_between(word, names, (first, second), metric, may_work=left > 0)
        rows.append(verdict)
        left -= worked_out
    rows = held_together(rows)
    compared = list(dict.fromkeys(models.of(row)[0] for entries in several.values() for row in entries))
    query = urlencode({"models": ",".join(compared[:MOST_COMPARED])}, safe="/,")
    return {
        "rows": rows,
        "sentence": _sentence(rows),
        "compare": f"{reverse('compare')}?{query}",
        "is_waiting": any(row.is_waiting for row in rows),
    }


def _sentence(rows: list[Verdict]) -> str:
    """The answer in a line."""
    known = [row for row in rows if row.difference is not None]
    if not known:
        return ""
    if len(rows) == 1:
        (row,) = known
        said = row.difference.verdict if row.difference is not None else ""
        return (
            f"{row.best} is better than {row.next}, and that is more than chance."
            if said == "gain"
            else f"{row.best} and {row.next} cannot be told apart on these data."
        )
    clear = sum(row.difference is not None and row.difference.verdict == "gain" for row in known)
    if not clear:
        return f"On none of the {len(rows)} datasets is the best model better than the next by more than chance."
    return f"On {clear} of {len(rows)} datasets the best model is better than the next by more than chance."


def _short(word: str) -> str:
    """Without the namespace."""
    return word.rpartition("/")[2]

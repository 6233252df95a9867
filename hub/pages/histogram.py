"""How many entries there are of each size: the bars under the parameter range."""

from typing import Any

from django.db.models import Count, F, FloatField, Value
from django.db.models.functions import Cast, Floor, Log
from django.utils.safestring import SafeString

from hub.catalog.models import Repo
from hub.catalog.search import SearchQuery, filtered, without
from hub.pages.charts import bars
from hub.pages.numbers import count_short

PER_DECADE = 3
MOST_BARS = 24


def parameter_bars(*, user: Any, query: SearchQuery) -> SafeString | None:
    """Bars on a log scale, of what the other filters leave; those outside the chosen range are grey. None where there is nothing to choose."""
    open_query = without(query, parameters_min=None, parameters_max=None)
    repos = filtered(Repo.objects.visible_to(user, "read").filter(type="model", parameters__gt=0), open_query)
    bucket = Floor(Log(Value(10.0), Cast(F("parameters"), FloatField())) * PER_DECADE)
    counts = {
        int(row["bucket"]): row["count"]
        for row in repos.order_by().annotate(bucket=bucket).values("bucket").annotate(count=Count("pk"))
    }
    if len(counts) < 2:
        return None
    first, last = min(counts), max(counts)
    width = max(1, -(-(last - first + 1) // MOST_BARS))
    drawn = [_bar(counts, start, width, query) for start in range(first, last + 1, width)]
    return bars.draw(drawn, "Entries by number of parameters, log scale")


def _bar(counts: dict[int, int], start: int, width: int, query: SearchQuery) -> bars.Bar:
    low, high = 10 ** (start / PER_DECADE), 10 ** ((start + width) / PER_DECADE)
    is_on = (query.parameters_min is None or high > query.parameters_min) and (
        query.parameters_max is None or low <= query.parameters_max
    )
    label = f"{count_short(round(low))} to {count_short(round(high))} parameters"
    return bars.Bar(label, sum(counts.get(start + step, 0) for step in range(width)), is_on)

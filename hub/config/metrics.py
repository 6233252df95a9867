"""/metrics for Prometheus, guarded by METRICS_KEY; without a key there is no such page.

Requests are counted in each web process and added up through PROMETHEUS_MULTIPROC_DIR; the rest is asked of the ledger.
"""

import hmac
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import prometheus_client
from django.conf import settings
from django.db.models import Count, Min
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from hub.config.request_metrics import REQUESTS, SECONDS
from hub.jobs.models import Job
from hub.jobs.selectors import workers_seen
from hub.jobs.states import State


class LedgerCollector(Collector):
    """Read at the moment of asking, so that no process has to keep counts that another one changes."""

    def collect(self) -> Iterator[Metric]:
        now = timezone.now()
        jobs = GaugeMetricFamily("hub_jobs", "Jobs in the ledger", labels=["kind", "state"])
        for row in Job.objects.values("kind", "state").annotate(number=Count("pk")).order_by():
            jobs.add_metric([row["kind"], row["state"]], row["number"])
        queued = Job.objects.filter(state=State.QUEUED).values("queue").annotate(oldest=Min("created_at")).order_by()
        oldest = GaugeMetricFamily("hub_oldest_queued_seconds", "Age of the oldest queued job", labels=["queue"])
        for row in queued:
            oldest.add_metric([row["queue"]], (now - row["oldest"]).total_seconds())
        bell = GaugeMetricFamily("hub_last_bell_age_seconds", "Time since this worker heard a bell", labels=["worker"])
        alive = GaugeMetricFamily("hub_worker_up", "1 when the worker reported in the last minute", labels=["worker"])
        for seen in workers_seen():
            alive.add_metric([seen.worker.name], float(seen.is_alive))
            if seen.worker.last_bell_at:
                bell.add_metric([seen.worker.name], (now - seen.worker.last_bell_at).total_seconds())
        yield from (jobs, oldest, alive, bell)
        yield from _storage()


def _storage() -> Iterator[Metric]:
    parts = urlsplit(settings.STORAGE_URL)
    folder = Path(unquote(parts.path))
    if parts.scheme == "file" and folder.is_dir():
        free = GaugeMetricFamily("hub_disk_free_bytes", "Free space where the blobs lie")
        free.add_metric([], shutil.disk_usage(folder).free)
        yield free


def registry_make() -> CollectorRegistry:
    registry = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(REQUESTS)
        registry.register(SECONDS)
    registry.register(LedgerCollector())
    return registry


def metrics(request: HttpRequest) -> HttpResponse:
    given = request.headers.get("X-Metrics-Key", "") or request.headers.get("Authorization", "").removeprefix("Bearer ")
    # SECURITY: compared in constant time; without a key, and with a wrong one, the page does not exist.
    if not settings.METRICS_KEY or not hmac.compare_digest(given.encode(), settings.METRICS_KEY.encode()):
        raise Http404
    text = prometheus_client.generate_latest(registry_make())
    return HttpResponse(text, content_type=prometheus_client.CONTENT_TYPE_LATEST)


urlpatterns = [path("metrics", metrics, name="metrics")]

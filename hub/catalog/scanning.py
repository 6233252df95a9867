"""Searching weights for NaN and infinity, once for each file whatever repos it is in. Asked for with the commit, done by a worker."""

import logging
import time
from collections.abc import Iterable, Mapping
from datetime import timedelta

from celery import current_app
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from kombu.exceptions import OperationalError

from hub.blobs.models import Blob
from hub.blobs.services import driver
from hub.catalog.json_safe import json_safe
from hub.catalog.models import HeadEntry, WeightScan
from hub.catalog.states import FileState
from workers.planning.headers import LENGTH_BYTES, header_length, parse_header

logger = logging.getLogger(__name__)
TASK = "hub.scan"
KEPT_TENSORS = 50  # of one file; the others are counted
STALE = timedelta(hours=1)  # longer than the task may take: whoever had it is gone
SHARE_S = 60.0  # then others of the queue have their turn
_BATCH = 1000


def scans_ask(files: Iterable[FileState]) -> None:
    """Weight files that a commit brings. Those that were searched already are not searched again."""
    hashes = sorted({file.sha256 for file in files})
    if not hashes:
        return
    WeightScan.objects.bulk_create([WeightScan(blob_id=sha256) for sha256 in hashes], ignore_conflicts=True)
    transaction.on_commit(_ring, robust=True)


def weights_new(before: Mapping[str, FileState], after: Mapping[str, FileState], weights: Iterable[str]) -> list[FileState]:  # fmt: skip
    return [after[path] for path in set(weights) if path in after and before.get(path) != after[path]]


def scans_run(share_s: float = SHARE_S) -> int:
    """One file after the other, until none waits or this task's share of time is over. How many were done."""
    done, end = 0, time.monotonic() + share_s
    while (scan := _claim()) is not None:
        _carry_out(scan)
        done += 1
        if time.monotonic() > end:
            _ring()
            break
    return done


def scans_resume() -> int:
    """Nightly: files whose message was lost, or whose worker was, what failed, and what was here before anybody searched."""
    known = WeightScan.objects.filter(pk=OuterRef("blob"))
    heads = HeadEntry.objects.filter(~Exists(known), path__endswith=".safetensors", ref__repo__type="model")
    hashes = set(heads.values_list("blob_id", flat=True).distinct()[:_BATCH])
    WeightScan.objects.bulk_create([WeightScan(blob_id=sha256) for sha256 in sorted(hashes)], ignore_conflicts=True)
    WeightScan.objects.filter(state="failed").update(state="asked")
    waiting = WeightScan.objects.filter(_waits()).count()
    if waiting:
        _ring()
    return waiting


def _waits() -> Q:
    return Q(state="asked") | Q(state="working", updated_at__lt=timezone.now() - STALE)


@transaction.atomic
def _claim() -> WeightScan | None:
    scan = WeightScan.objects.select_for_update(skip_locked=True).filter(_waits()).order_by("created_at", "pk").first()
    if scan is not None:
        scan.state = "working"
        scan.save(update_fields=["state", "updated_at"])
    return scan


def _carry_out(scan: WeightScan) -> None:
    try:
        blob = Blob.objects.filter(pk=scan.pk).first()
        if blob is None:
            return  # collected meanwhile, and this row with it
        scan.tensors, scan.tensors_count = _search(blob)
        scan.state = "done"
    except Exception:
        # a store that is away, or a file that takes longer than the task may
        logger.exception("%s was not searched for NaN", scan.pk)
        scan.state = "failed"
    WeightScan.objects.filter(pk=scan.pk).update(
        state=scan.state, tensors=scan.tensors, tensors_count=scan.tensors_count, updated_at=timezone.now()
    )


def _search(blob: Blob) -> tuple[list[dict[str, object]], int]:
    from workers.statistics.finite import Span, broken_of  # numpy, which the web does without

    store = driver()
    first = b"".join(store.open(blob.pk, 0, min(LENGTH_BYTES, blob.size_bytes)))
    begin = LENGTH_BYTES + header_length(first, blob.size_bytes)
    header = parse_header(b"".join(store.open(blob.pk, LENGTH_BYTES, begin)), blob.size_bytes)
    spans = [Span(name, item.dtype, item.begin, item.end) for name, item in header.tensors.items()]
    kept: list[dict[str, object]] = []
    count = 0
    for broken in broken_of(spans, store.open(blob.pk, begin, blob.size_bytes), begin):
        count += 1
        if len(kept) < KEPT_TENSORS:
            kept.append({"name": broken.name, "nan": broken.nan, "infinite": broken.infinite})
    return json_safe(kept), count


def _ring() -> None:
    try:
        current_app.send_task(TASK, queue="default", ignore_result=True)
    except (OperationalError, OSError) as error:
        logger.warning("not sent: %s", error)  # the nightly chore finds the row

import contextlib
import os

import pytest

from workers.contracts.errors import Cancelled
from workers.contracts.events import EVENT, ErrorEvent
from workers.runtime.reporting import CancelFlag, PipeReporter


@pytest.fixture
def pipe():
    read, write = os.pipe()
    yield read, write
    for descriptor in (read, write):
        with contextlib.suppress(OSError):
            os.close(descriptor)


def events(read):
    return [EVENT.validate_json(line) for line in os.read(read, 1 << 20).splitlines()]


def test_every_call_is_one_valid_line(pipe):
    reporter = PipeReporter(pipe[1], CancelFlag())
    reporter.progress(1, 2, "bytes", "a\nb")
    reporter.log("hello", "warning")
    reporter.metric("loss", 1, 0.5)
    reporter.step("merge", "started", 2.0)
    reporter.checkpoint("shard", sha256="ab")
    reporter.error(ErrorEvent(code="bug", message="x"))
    assert [event.type for event in events(pipe[0])] == ["progress", "log", "metric", "step", "checkpoint", "error"]


def test_progress_is_thinned_but_never_its_end(pipe):
    now = iter([0.0, 0.05, 0.09, 0.11, 0.12, 0.13])
    reporter = PipeReporter(pipe[1], CancelFlag(), clock=lambda: next(now))
    for done in (1, 2, 3, 4, 5, 6):
        reporter.progress(done, 6)
    assert [event.done for event in events(pipe[0])] == [1, 4, 6]


def test_a_very_long_message_is_cut(pipe):
    PipeReporter(pipe[1], CancelFlag()).log("x" * 100_000)
    assert len(events(pipe[0])[0].message) <= 8192


def test_every_call_may_cancel_but_the_last_word_still_goes_out(pipe):
    cancel = CancelFlag()
    reporter = PipeReporter(pipe[1], cancel)
    cancel.ask()
    for call in (lambda: reporter.progress(1, 2), lambda: reporter.log("x"), cancel.raise_if_requested):
        with pytest.raises(Cancelled):
            call()
    reporter.error(ErrorEvent(code="cancelled", message="x"))
    assert [event.type for event in events(pipe[0])] == ["error"]


def test_a_reader_that_is_gone_is_no_error(pipe):
    os.close(pipe[0])
    PipeReporter(pipe[1], CancelFlag()).log("nobody listens")

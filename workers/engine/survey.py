"""Carries out a method's rounds over the whole model: each visits every merged tensor once and settles a tally into numbers."""

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

from workers.contracts.plans import Plan, TensorStep
from workers.contracts.ports import Cancel, Reporter
from workers.engine.devices import turn
from workers.engine.io.journal import Journal
from workers.engine.io.reader import Reader
from workers.engine.make import Merger, merge_step_of
from workers.engine.merge.rounds import Round, Tally, added


def settled(
    plan: Plan, readers: Sequence[Reader], merger: Merger, pool: ThreadPoolExecutor, journal: Journal, *,
    in_flight: int, reporter: Reporter, cancel: Cancel,
) -> Merger:  # fmt: skip
    """The merger with every round settled. Rounds of an earlier attempt at this plan are taken from the journal."""
    steps = [step for step in plan.steps if step.operation == "merge"]
    for round in merger.rounds:
        if not any(round.wanted({**step.parameters, **merger.settled}) for step in steps):
            continue
        numbers = journal.note(f"round-{round.name}")
        if numbers is None:
            tally = _tally(plan, steps, readers, merger, round, pool, in_flight, reporter, cancel)
            numbers = round.settle(tally, {**steps[0].parameters, **merger.settled})
            journal.keep(f"round-{round.name}", numbers)
        merger = replace(merger, settled={**merger.settled, **numbers})
    return merger


def _tally(
    plan: Plan, steps: Sequence[TensorStep], readers: Sequence[Reader], merger: Merger, round: Round,
    pool: ThreadPoolExecutor, in_flight: int, reporter: Reporter, cancel: Cancel,
) -> Tally:  # fmt: skip
    def see(step: TensorStep) -> Tally:
        with turn(merger.device):
            merge_step = merge_step_of(plan, step, readers, merger)
            return {} if merge_step is None else round.see(merge_step)

    total: Tally | None = None
    waiting, under_way = deque(steps), deque[tuple[TensorStep, Future[Tally]]]()
    done, all_bytes = 0, sum(item.fact.size_bytes for step in steps for item in step.inputs)
    try:
        while waiting or under_way:
            cancel.raise_if_requested()
            while waiting and len(under_way) < in_flight:
                step = waiting.popleft()
                for item in step.inputs:
                    readers[item.source].prefetch(item.fact)
                under_way.append((step, pool.submit(see, step)))
            step, future = under_way.popleft()
            total = added(total, future.result())
            for item in step.inputs:
                readers[item.source].release(item.fact)
            done += sum(item.fact.size_bytes for item in step.inputs)
            reporter.progress(done, all_bytes, "bytes", f"Looking at {step.name}: {round.name}")
    finally:
        for _, future in under_way:
            future.cancel()
        for _, future in under_way:
            if not future.cancelled():
                future.exception()
    return total or {}

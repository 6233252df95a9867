"""RUN: the training loop. AdamW, warm-up and a schedule, clipped gradients, checkpoints. Knows neither peft nor repos nor tasks.

What is trained comes as a model, what it sees as `Batches`, what is minimised as an `Objective`.
"""

import time
from collections.abc import Callable
from math import isfinite
from pathlib import Path

import torch

from workers.contracts.errors import Cancelled
from workers.engine.train import checkpoint
from workers.engine.train.draws import derived_seed, epoch_order
from workers.engine.train.losses import Batches, Objective
from workers.engine.train.machine import Machine
from workers.engine.train.optimiser import adamw
from workers.engine.train.pace import Pace
from workers.engine.train.progress import Progress, Sums
from workers.engine.train.refusals import diverged
from workers.engine.train.schedule import learning_rate
from workers.engine.train.settings import Settings, Watch
from workers.engine.train.validate import validation_loss

# Points of the loss curve, and marks: steps whose state is kept to fall back on, epochs apart from that.
POINTS, MARKS = 200, 20
TOTAL = "loss"


class NotFinite(Exception):
    """The loss or its gradient is NaN or infinite. Ends no further than this room."""


def fit(
    model: torch.nn.Module, data: Batches, objective: Objective, settings: Settings, *, journal: Path, key: str,
    watch: Watch = Watch(), validation: Batches | None = None, device: str = "cpu", clock: Callable[[], float] = time.monotonic,  # noqa: B008  (frozen)
) -> Progress:  # fmt: skip
    """Trains what requires a gradient in `model`, in place. A journal of the same `key` is taken up at its last step.

    Weight decay holds for matrices alone: biases and norms have nothing to gain from being small. With `settings.patience`
    the model ends with its best validated weights. When the loss becomes NaN, it ends with the weights of the last mark.

    Args:
        journal: an existing folder that outlives a kill.
        key: names the run: recipe and content of every input.
        validation: what the loss is worked out on after each epoch, in evaluation mode.
        clock: seconds; decides when to journal and what time is left, never a number of the result.

    Returns: losses and curve, those before a resume included.

    Baselines: a method that must be held against plain training at equal cost takes its own `settings` through
    `compute.equal_compute`, with the operations that `compute.step_flops` counts for either, and calls this function again.

    Processes: under torchrun's environment each takes its share of every batch; the losses are those of one process up to the
    order of sums (`machine.Machine`).

    Raises:
        UserError: the loss is NaN or infinite and no earlier state is worth keeping.

    Determinism: equal bits for equal seed, device and one thread, however often it was interrupted.
    """
    return _Run(model, data, objective, settings, journal, key, watch, validation, device, clock).run()


class _Run:
    def __init__(
        self, model: torch.nn.Module, data: Batches, objective: Objective, settings: Settings, journal: Path, key: str,
        watch: Watch, validation: Batches | None, device: str, clock: Callable[[], float],
    ) -> None:  # fmt: skip
        self.data, self.objective, self.settings, self.validation = data, objective, settings, validation
        self.journal, self.key, self.clock = journal, key, clock
        self.machine = Machine(settings.precision, device)
        self.watch = watch if self.machine.is_main else Watch()
        self.model = model.to(self.machine.device)
        self.optimizer = adamw(self.model, settings)
        self.progress, scaler = checkpoint.restore(journal, self.model, self.optimizer, key)
        self.stepper = self.machine.prepared(self.optimizer)
        self.machine.scaler_restore(scaler)
        self.per_epoch, self.steps = settings.steps_per_epoch(len(data)), settings.steps(len(data))
        self.warmup = round(self.steps * settings.warmup_ratio)
        self.trained = [parameter for parameter in self.model.parameters() if parameter.requires_grad]
        self.saved_at, self.pace = clock(), Pace(clock)
        self.pace.mark(self.progress.step)

    def run(self) -> Progress:
        try:
            while self.progress.step < self.steps and not self.progress.stopped:
                self._epoch()
        except NotFinite:
            self._fall_back()
        except Cancelled:
            self._save_for_later()
            raise
        else:
            if self.progress.stopped == "early" or (self.settings.patience is not None and self.progress.worse):
                self.progress.kept = checkpoint.restore_kept(self.journal, self.model, self.key)
        self.machine.wait()
        return self.progress

    def _epoch(self) -> None:
        """From where the run stands to the end of the epoch, or of the run."""
        progress, epoch = self.progress, self.progress.step // self.per_epoch
        order = epoch_order(len(self.data), seed=self.settings.seed, epoch=epoch)
        self.model.train()
        while progress.step < min((epoch + 1) * self.per_epoch, self.steps):
            start = (progress.step - epoch * self.per_epoch) * self.settings.batch_size
            parts, units = self._step(order[start : start + self.settings.batch_size])
            progress.step += 1
            progress.epoch_sums.add(parts, units)
            progress.point_sums.add(parts, units)
            is_end = progress.step in (self.steps, (epoch + 1) * self.per_epoch)
            if progress.step % -(-self.steps // POINTS) == 0 or progress.step == self.steps:
                self._point()
            if not is_end:
                self._journal(is_mark=progress.step % max(1, self.steps // MARKS) == 0)
            self.watch.step(progress.step, self.steps)
        self._epoch_end(epoch)

    def _step(self, rows: torch.Tensor) -> tuple[dict[str, float], float]:
        """One update. Gives total and terms as means over the whole batch, and its units."""
        step, settings, machine = self.progress.step, self.settings, self.machine
        rate = learning_rate(
            step, steps=self.steps, warmup_steps=self.warmup, peak=settings.learning_rate, schedule=settings.schedule
        )
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        own = rows[machine.rank :: machine.world]
        # A last batch smaller than the number of processes: who has no share joins in with one that counts nothing.
        batch = self.data.batch(own if len(own) else rows[:1], seed=derived_seed(settings.seed, f"batch/{step}"))
        share = float(batch.units if len(own) else 0)
        units = machine.summed(share)[0]
        # What a model draws (dropout) depends on the step alone, so that a resumed run draws the same.
        torch.manual_seed(derived_seed(settings.seed, f"step/{step}/{machine.rank}"))
        batch = batch.to(machine.device)
        with machine.computing():
            total, terms = self.objective(self.model(**batch.inputs), batch, step / self.steps)
        values = {TOTAL: total.item()} | {name: value.item() for name, value in terms.items() if len(terms) > 1}
        if machine.world > 1:
            # The mean over the whole batch is the sum of what each process holds, by its share of the units.
            total = total * (share / units)
            sums = machine.summed(*(value * share if share else 0.0 for value in values.values()))
            values = dict(zip(values, (value / units for value in sums), strict=True))
        if not isfinite(values[TOTAL]):
            raise NotFinite
        self.stepper.zero_grad(set_to_none=True)
        machine.backward(total)
        machine.add_up(self.trained)
        length = machine.clip(self.trained, settings.clip_norm)
        # With loss scaling an overflow is expected now and then: the step is left out and the scale lowered.
        if machine.scaler is None and not isfinite(length):
            raise NotFinite
        self.stepper.step()
        return values, units

    def _point(self) -> None:
        progress = self.progress
        means = progress.point_sums.means()
        progress.curve.append([progress.step, means])
        progress.point_sums = Sums()
        for name, value in means.items():
            self.watch.metric(name if name == TOTAL else f"{TOTAL}/{name}", progress.step, value)
        self.watch.metric("learning_rate", progress.step, float(self.optimizer.param_groups[0]["lr"]))
        self.pace.mark(progress.step)
        left = self.pace.left_s(progress.step, self.steps)
        if left is not None and progress.step < self.steps:
            self.watch.metric("eta_s", progress.step, left)
        speed = self.pace.per_s()
        if speed is not None:
            self.watch.metric("examples_per_s", progress.step, speed * self.settings.batch_size)

    def _epoch_end(self, epoch: int) -> None:
        progress, settings = self.progress, self.settings
        progress.losses.append(progress.epoch_sums.means()[TOTAL])
        progress.epoch_sums = Sums()
        is_better = settings.patience is None
        if self.validation is not None:
            value = validation_loss(
                self.model, self.validation, self.objective, settings.batch_size, machine=self.machine
            )
            if not isfinite(value):
                raise NotFinite
            progress.validation.append([epoch + 1, value])
            self.watch.metric("validation_loss", progress.step, value)
            if settings.patience is not None:
                is_better = progress.best is None or value < progress.best - settings.least
                progress.worse = 0 if is_better else progress.worse + 1
                progress.best = value if is_better else progress.best
                if progress.worse >= settings.patience:
                    progress.stopped = "early"
        self._journal(is_mark=is_better, always=True)
        self.watch.epoch(epoch + 1, progress.losses[-1])

    def _journal(self, *, is_mark: bool, always: bool = False) -> None:
        """Saves at marks, at the end of an epoch, and when the last time is long ago."""
        # With early stopping, what is kept is what was best on other data: no mark within an epoch.
        is_mark = is_mark and (always or self.settings.patience is None)
        is_planned = is_mark or always
        if not is_planned and self.clock() - self.saved_at < self.settings.checkpoint_s:
            return
        if not all(bool(torch.isfinite(parameter).all()) for parameter in self.trained):
            # A state with NaN in it is never journalled: nothing could go on from there. The next step would notice it too;
            # only what all processes do at the same step may end them.
            if is_planned:
                raise NotFinite
            return
        if self.machine.is_main:
            scaler = self.machine.scaler
            checkpoint.save(self.journal, self.model, self.optimizer, self.progress, scaler=scaler, keep=is_mark)
            self.watch.checkpoint(self.progress.step)
            if is_mark:
                self.watch.metric("kept_step", self.progress.step, self.progress.step)
        self.saved_at = self.clock()

    def _save_for_later(self) -> None:
        """Asked to stop, perhaps because the worker goes: whoever takes the run up again should find it as it stands.

        Not between the last step of an epoch and its end: that is not a state to go on from, and the last checkpoint is.
        """
        if self.machine.world == 1 and self.progress.step % self.per_epoch and self.progress.step < self.steps:
            checkpoint.save(self.journal, self.model, self.optimizer, self.progress, scaler=self.machine.scaler)

    def _fall_back(self) -> None:
        """The loss is no number any more: the weights of the last mark are what is left of the run."""
        self.machine.wait()
        failed_at = self.progress.step + 1
        kept = checkpoint.restore_kept(self.journal, self.model, self.key)
        if kept is None:
            raise diverged(failed_at, self.settings.learning_rate)
        self.progress.stopped, self.progress.diverged_at, self.progress.kept = "diverged", failed_at, kept

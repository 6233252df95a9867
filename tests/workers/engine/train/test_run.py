"""The loop: what it learns, and that nothing which disturbs it changes a bit of it."""

from itertools import pairwise

import pytest
import torch
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from torch.nn.functional import cross_entropy as torch_cross_entropy

from tests.workers.engine.train.learners import OBJECTIVE, Points, Small, same, train, weights
from workers.contracts.errors import Cancelled, UserError
from workers.engine.train.draws import epoch_order
from workers.engine.train.losses import Objective, Term, cross_entropy
from workers.engine.train.schedule import learning_rate
from workers.engine.train.settings import Watch
from workers.engine.train.validate import validation_loss


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """4 epochs of 7 steps: weights, progress."""
    model, progress = train(tmp_path_factory.mktemp("undisturbed"))
    return weights(model), progress


def test_equals_a_loop_written_out_by_hand(tmp_path):
    """The oracle: torch's own optimiser, loss and clipping, with none of our files but the order of examples and the rates."""
    data, model = Points(), Small(dropout=0.0)
    matrices = [model.layers[0].weight, model.layers[3].weight]
    others = [model.layers[0].bias, model.layers[3].bias]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}], lr=0.02
    )
    losses = []
    for epoch in range(4):
        order, total = epoch_order(50, seed=3, epoch=epoch), 0.0
        for number, rows in enumerate(order.split(8)):
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(epoch * 7 + number, steps=28, warmup_steps=3, peak=0.02)
            loss = torch_cross_entropy(model(data.features[rows]).logits, data.labels[rows])
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 0.5)
            optimizer.step()
            total += loss.item() * len(rows)
        losses.append(total / 50)
    ours, progress = train(tmp_path, lambda: Small(dropout=0.0), clip_norm=0.5, warmup_ratio=0.1)
    assert same(weights(model), weights(ours))
    assert progress.losses == losses


def test_leaves_what_is_frozen_alone(undisturbed):
    assert torch.equal(undisturbed[0]["frozen.weight"], Small().frozen.weight)


@hypothesis_settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kills=st.lists(st.integers(1, 28), min_size=1, max_size=4).map(sorted), every=st.sampled_from([0.0, 1e9]))
def test_killed_any_number_of_times_it_ends_with_the_same_bits_and_curve(undisturbed, tmp_path_factory, kills, every):
    model, progress = train(tmp_path_factory.mktemp("killed"), kill_at=kills, checkpoint_s=every)
    assert same(weights(model), undisturbed[0])
    assert progress.losses == undisturbed[1].losses
    assert progress.curve == undisturbed[1].curve


def test_goes_on_within_an_epoch(tmp_path):
    seen = Points()
    train(tmp_path, data=seen, kill_at=[10], checkpoint_s=0.0)
    # Ten steps before the kill, of which the last was journalled, and the eighteen that were left.
    assert seen.batches == 28


def test_asked_to_stop_it_leaves_its_state_as_it_stands(tmp_path, undisturbed):
    def stop(done, steps):
        if done == 10:
            raise Cancelled("The worker stops.")

    options = {
        "validation": Points(rows=20),
        "patience": 50,
        "checkpoint_s": 1e9,
    }  # nothing is journalled within an epoch
    with pytest.raises(Cancelled):
        train(tmp_path, watch=Watch(step=stop), **options)
    _, progress = train(tmp_path, **options)
    assert progress.resumed_step == 10
    assert progress.losses == undisturbed[1].losses


def test_takes_up_no_other_run(tmp_path):
    train(tmp_path, key="a")
    _, progress = train(tmp_path, key="b")
    assert progress.resumed_step == 0


def test_torn_checkpoint_is_a_fresh_start(tmp_path, undisturbed):
    train(tmp_path)
    path = tmp_path / "train.safetensors"
    path.write_bytes(path.read_bytes()[:-40])
    model, progress = train(tmp_path)
    assert progress.resumed_step == 0
    assert same(weights(model), undisturbed[0])


def test_checkpoint_whose_writing_was_cut_off_is_passed_over(tmp_path, undisturbed):
    (tmp_path / "train.safetensors.part").write_bytes(b"half a checkpoint")
    model, _ = train(tmp_path)
    assert same(weights(model), undisturbed[0])


def test_time_between_checkpoints_is_bounded(tmp_path):
    seconds = iter(range(0, 10_000, 7))
    told = []
    train(
        tmp_path, epochs=1, batch_size=1, checkpoint_s=60.0, clock=lambda: float(next(seconds)), data=Points(rows=100),
        watch=Watch(checkpoint=told.append), patience=1, validation=Points(rows=5),
    )  # fmt: skip
    # Each step looks at the clock once or a few times, seven seconds apart.
    assert all(0 < later - earlier <= 9 for earlier, later in pairwise(told))
    assert len(told) > 10


def test_ends_after_so_many_steps_and_its_schedule_with_it(tmp_path):
    rates = []
    watch = Watch(metric=lambda name, step, value: rates.append(value) if name == "learning_rate" else None)
    _, progress = train(tmp_path, max_steps=10, watch=watch, schedule="linear")
    assert progress.step == 10
    assert len(progress.losses) == 2
    assert rates[-1] == pytest.approx(0.02 * 0.1)


@pytest.mark.parametrize("schedule", ["cosine", "linear", "constant"])
def test_every_schedule_learns(tmp_path, schedule):
    _, progress = train(tmp_path, schedule=schedule)
    assert progress.losses[-1] < progress.losses[0]


def test_every_term_is_logged_by_its_name_and_the_sum_is_minimised(tmp_path):
    told = {}
    pull = Term("pull", lambda outputs, batch: outputs.logits.square().mean(), weight=0.5)
    objective = Objective((cross_entropy(), pull))
    watch = Watch(metric=lambda name, step, value: told.setdefault(name, []).append(value))
    _, progress = train(tmp_path, objective=objective, watch=watch)
    for total, first, second in zip(told["loss"], told["loss/cross_entropy"], told["loss/pull"], strict=True):
        assert total == pytest.approx(first + 0.5 * second, rel=1e-6)
    assert progress.curve[-1][1].keys() == {"loss", "cross_entropy", "pull"}


def test_tells_what_time_is_left(tmp_path):
    left, seconds = [], iter(range(10_000))
    watch = Watch(metric=lambda name, step, value: left.append((step, value)) if name == "eta_s" else None)
    train(tmp_path, watch=watch, clock=lambda: float(next(seconds)))
    assert left
    assert all(value > 0 for _, value in left)
    assert left[-1][1] < left[0][1]


def test_early_stop_ends_with_the_best_weights(tmp_path):
    validation = Points(rows=40, seed=8)
    validation.labels = validation.labels.roll(
        1
    )  # what is learnt is wrong here: the loss rises from the first epoch on
    model, progress = train(
        tmp_path, epochs=50, learning_rate=0.05, schedule="constant", patience=3, validation=validation
    )
    best = min(progress.validation, key=lambda row: row[1])
    assert progress.stopped == "early"
    assert len(progress.validation) == best[0] + 3 < 50
    assert progress.kept == best[0] * 7
    assert validation_loss(model, validation, OBJECTIVE, 8) == best[1]


def test_early_stop_that_was_killed_is_the_same(tmp_path):
    options = {"epochs": 30, "learning_rate": 0.05, "patience": 2}
    ends = []
    for name, kills in (("calm", []), ("killed", [5, 9, 20])):
        (tmp_path / name).mkdir()
        validation = Points(rows=40, seed=8)
        validation.labels = validation.labels.roll(1)
        model, progress = train(tmp_path / name, kill_at=kills, validation=validation, **options)
        ends.append((weights(model), progress.validation, progress.kept))
    assert same(ends[0][0], ends[1][0])
    assert ends[0][1:] == ends[1][1:]


def test_loss_that_becomes_nan_leaves_the_weights_of_the_last_mark(tmp_path):
    broken, progress = train(tmp_path, data=Points(broken_at=18))
    assert (progress.stopped, progress.diverged_at) == ("diverged", 18)
    assert progress.kept == 17
    assert all(bool(torch.isfinite(tensor).all()) for tensor in broken.state_dict().values())


@pytest.mark.parametrize(("at", "code"), [(1, "start_not_finite"), (2, "training_diverged")])
def test_loss_that_is_nan_before_a_mark_is_refused_and_the_rate_blamed_only_where_a_step_was_made(tmp_path, at, code):
    with pytest.raises(UserError) as caught:
        train(tmp_path, data=Points(broken_at=at), epochs=200)
    (finding,) = caught.value.findings
    assert finding.code == code
    rates = [repair.patch[0]["value"] for repair in finding.repair]
    assert rates == ([] if at == 1 else [pytest.approx(0.002)])
    assert not (tmp_path / "train.safetensors").exists()


def test_gradient_that_is_nan_while_the_loss_is_not_never_reaches_the_weights(tmp_path):
    class Root(torch.autograd.Function):
        @staticmethod
        def forward(context, value):
            return value

        @staticmethod
        def backward(context, gradient):
            return gradient * float("nan")

    term = Term("broken", lambda outputs, batch: Root.apply(outputs.logits).square().mean())
    with pytest.raises(UserError, match="at the first step"):
        train(tmp_path, objective=Objective((term,)))


def test_half_precision_computes_in_it_and_keeps_float32_weights(tmp_path, undisturbed):
    kinds = set()

    class Spy(Small):
        def forward(self, features):
            outputs = super().forward(features)
            kinds.add(outputs.logits.dtype)
            return outputs

    model, progress = train(tmp_path, Spy, precision="bfloat16")
    assert kinds == {torch.bfloat16}
    assert {tensor.dtype for tensor in model.state_dict().values()} == {torch.float32}
    assert progress.losses != undisturbed[1].losses
    assert progress.losses == pytest.approx(undisturbed[1].losses, abs=0.02)


def test_float16_is_refused_where_there_is_no_gpu(tmp_path):
    with pytest.raises(UserError, match="bfloat16"):
        train(tmp_path, precision="float16")

"""Several datasets as one."""

import numpy as np
import torch

from workers.engine.train.batches import Joined, Supervised
from workers.engine.train.pace import Pace


class Part:
    def __init__(self, values):
        self.values = np.array(values)

    def __len__(self):
        return len(self.values)

    def take(self, rows):
        return {"image": np.stack([np.full((1, 2, 2), self.values[row], dtype=np.float32) for row in rows])}

    def gold(self, rows):
        return self.values[np.asarray(rows)] % 3


def test_rows_come_in_the_order_asked_for_from_whatever_part_holds_them():
    joined = Joined([Part([0, 1, 2]), Part([10]), Part([20, 21])])
    assert len(joined) == 6
    rows = [5, 0, 3, 2, 4, 1]
    assert [float(image[0, 0, 0]) for image in joined.take(rows)["image"]] == [21, 0, 10, 2, 20, 1]
    assert list(joined.gold(rows)) == [0, 0, 1, 2, 2, 1]


def test_batch_holds_inputs_and_classes_as_tensors():
    data = Supervised(
        Joined([Part([4, 5])]), lambda taken: {"pixel_values": torch.from_numpy(np.stack(taken["image"]))}
    )
    batch = data.batch(torch.tensor([1, 0]), seed=0)
    assert batch.units == 2
    assert batch.inputs["pixel_values"].shape == (2, 1, 2, 2)
    assert batch.targets["labels"].tolist() == [2, 1]
    assert batch.targets["labels"].dtype == torch.int64


def test_numbers_are_targets_of_a_regression():
    data = Supervised(Joined([Part([4, 5])]), lambda taken: {}, is_regression=True)
    assert data.batch(torch.tensor([0]), seed=0).targets["target"].dtype == torch.float32


def test_time_left_follows_the_last_speed():
    seconds = iter([0.0, 1.0, 2.0, 6.0])
    pace = Pace(lambda: next(seconds))
    pace.mark(0)
    assert pace.left_s(0, 10) is None
    pace.mark(1)
    assert pace.left_s(1, 10) == 9.0
    pace.mark(2)
    assert pace.left_s(2, 10) == 8.0
    pace.mark(3)
    assert pace.left_s(3, 10) == 14.0

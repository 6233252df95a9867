"""A model of a few hundred numbers, examples for it, and ways to disturb its training."""

from types import SimpleNamespace

import torch

from workers.engine.train.losses import Batch, Objective, cross_entropy
from workers.engine.train.run import fit
from workers.engine.train.settings import Settings, Watch

OBJECTIVE = Objective((cross_entropy(),))


class Killed(Exception):
    """Stands for the end of the process."""


class Small(torch.nn.Module):
    """Two layers with dropout between them, and a frozen one in front."""

    def __init__(self, seed=0, dropout=0.2):
        super().__init__()
        torch.manual_seed(seed)
        self.frozen = torch.nn.Linear(6, 6).requires_grad_(False)
        self.layers = torch.nn.Sequential(
            torch.nn.Linear(6, 12), torch.nn.ReLU(), torch.nn.Dropout(dropout), torch.nn.Linear(12, 3)
        )

    def forward(self, features):
        return SimpleNamespace(logits=self.layers(self.frozen(features)))


class Points:
    """Three clouds. `broken_at`: from that batch on the features are NaN."""

    def __init__(self, rows=50, seed=1, broken_at=None):
        generator = torch.Generator().manual_seed(seed)
        self.labels = torch.randint(3, (rows,), generator=generator)
        self.features = torch.randn(rows, 6, generator=generator) + self.labels[:, None]
        self.broken_at, self.batches = broken_at, 0

    def __len__(self):
        return len(self.labels)

    def batch(self, rows, *, seed):
        self.batches += 1
        features = self.features[rows]
        if self.broken_at is not None and self.batches >= self.broken_at:
            features = features * float("nan")
        return Batch({"features": features}, {"labels": self.labels[rows]}, len(rows))


def settings(**changes):
    return Settings(**({"epochs": 4, "batch_size": 8, "learning_rate": 0.02, "weight_decay": 0.1, "seed": 3} | changes))


def train(journal, model=None, data=None, *, kill_at=(), key="a", objective=OBJECTIVE, watch=None, **options):
    """Trains until it is done, however often it dies: once after each step of `kill_at`. Gives (model, progress)."""
    chosen = {name: options.pop(name) for name in ("validation", "clock", "device") if name in options}
    for at in [*kill_at, None]:

        def step(done, steps, at=at):
            if done == at:
                raise Killed

        fresh = model() if model else Small()
        watching = watch or Watch(step=step)
        try:
            return fresh, fit(
                fresh,
                data or Points(),
                objective,
                settings(**options),
                journal=journal,
                key=key,
                watch=watching,
                **chosen,
            )
        except Killed:
            continue
    raise AssertionError("it never came to an end")


def weights(model):
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def same(first, second):
    return all(torch.equal(first[name], second[name]) for name in first)

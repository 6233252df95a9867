"""OPTIMISER: AdamW, with decay where it helps."""

import torch

from workers.engine.train.settings import Settings

BETAS = (0.9, 0.999)


def adamw(model: torch.nn.Module, settings: Settings) -> torch.optim.AdamW:
    """Over what requires a gradient in `model`. Weight decay holds for matrices alone: biases and norms have nothing to gain from

    being small.

    Source: Loshchilov and Hutter 2019, arXiv:1711.05101, algorithm 2.
    """
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups = [
        {"params": [parameter for parameter in trained if parameter.ndim > 1], "weight_decay": settings.weight_decay},
        {"params": [parameter for parameter in trained if parameter.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW([group for group in groups if group["params"]], lr=settings.learning_rate, betas=BETAS)

"""Two processes that train one model: each its share of every batch, together what one would do alone."""

import multiprocessing
import os
import socket

import pytest
import torch

from tests.workers.engine.train.learners import Points, Small, train, weights

PATIENCE_S = 60


def worker(rank, port, root, options, answers):
    os.environ.update(
        RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE="2", MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port),
        ACCELERATE_USE_CPU="true",
    )  # fmt: skip
    torch.set_num_threads(1)
    model, progress = train(root, lambda: Small(dropout=0.0), **options)
    torch.distributed.destroy_process_group()
    answers.put((rank, {name: tensor.numpy() for name, tensor in weights(model).items()}, progress))


def together(root, **options):
    """The answers of both, in order of rank. Forked: an import of torch for each would take seconds."""
    context = multiprocessing.get_context("fork")
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
    answers = context.Queue()
    processes = [context.Process(target=worker, args=(rank, port, root, options, answers)) for rank in range(2)]
    for process in processes:
        process.start()
    found = sorted((answers.get(timeout=PATIENCE_S) for _ in processes), key=lambda answer: answer[0])
    for process in processes:
        process.join(PATIENCE_S)
    return found


def test_two_processes_make_what_one_makes(tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    # 51 examples: the last batch of an epoch has three, and one process has one more of them than the other.
    options = {"data": Points(rows=51), "validation": Points(rows=20, seed=9), "patience": 3}
    alone, calm = train(tmp_path / "one", lambda: Small(dropout=0.0), **options)
    (_, first, progress), (_, second, _) = together(tmp_path / "two", **options)
    for name, tensor in weights(alone).items():
        assert (first[name] == second[name]).all(), name
        assert first[name] == pytest.approx(tensor.numpy(), abs=1e-5), name
    assert progress.losses == pytest.approx(calm.losses, rel=1e-5)
    assert [row[1] for row in progress.validation] == pytest.approx([row[1] for row in calm.validation], rel=1e-5)
    assert progress.step == calm.step

"""The recorded table of the GPU kernels says what the kernels say, and the bench tells that there is no GPU."""

import json

import pytest
import torch

from kernels.traffic import TRAFFIC
from workers.bench import kernels
from workers.contracts.kernels import kernel_figures


def test_the_recorded_table_is_that_of_the_kernels():
    figures = kernel_figures()
    given = figures["sources"], figures["bytes_each"]
    assert [row["name"] for row in figures["rows"]] == [row.name for row in TRAFFIC]
    for row, traffic in zip(figures["rows"], TRAFFIC, strict=True):
        assert row["does"] == traffic.does
        assert (row["reads"], row["writes"]) == (traffic.reads(*given), traffic.writes(*given))
        assert (row["cached"], row["passes"]) == (traffic.cached(*given), traffic.passes(*given))
        assert row["eager"] == pytest.approx(kernels.eager_bytes(row["name"], given[0], torch.bfloat16), abs=0.1)
        assert row["eager"] > row["reads"] + row["writes"]


def test_plain_copies_are_counted_and_views_are_not():
    counter = kernels._Bytes()
    values = torch.zeros(100)
    with counter:
        values.view(10, 10)[:5].add_(1)
        torch.add(values, values, out=torch.empty(100))
    # Fifty read and written; a hundred read twice and written once, into a hundred that were only set aside.
    assert counter.bytes == pytest.approx(4 * (100 + 300), abs=4 * 100)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_without_a_gpu_it_says_so(capsys, monkeypatch):
    monkeypatch.setattr(kernels, "TRAFFIC", TRAFFIC[:1])
    assert kernels.main(["--sources", "2"]) == 0
    printed = capsys.readouterr().out
    assert "There is no GPU here" in printed
    assert json.loads(printed.splitlines()[0])["device"] is None

"""The page on kernels: the recorded table, and whether a GPU was measured."""

import pytest

from workers.contracts.kernels import kernel_figures

pytestmark = pytest.mark.django_db


def test_shows_what_each_kernel_moves_and_that_no_gpu_was_measured(browser):
    page = browser().get("/docs/kernels").content.decode()
    for row in kernel_figures()["rows"]:
        assert f"<code>{row['name']}</code>" in page
    assert ("There was no GPU to measure on" in page) == (kernel_figures()["device"] is None)

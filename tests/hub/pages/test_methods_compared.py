"""The page that compares merge methods: every row of the recorded table, the average marked, each note reachable."""

import pytest

from hub.pages.comparing_methods import comparison
from workers.contracts.methods.measured import measured

pytestmark = pytest.mark.django_db


def test_every_measured_method_stands_on_the_page_with_its_figures(browser):
    page = browser().get("/docs/merge-methods").content.decode()
    for row in measured()["rows"]:
        assert f"{row['mean']:.3f}" in page
        assert not row["note"] or f'id="note-{row["method"]}"' in page
    assert all(commit in page for commit in measured()["commits"])
    assert "/docs/merge-methods" in browser().get("/docs/methods").content.decode()


def test_the_best_at_its_preset_stands_first_and_the_average_is_marked():
    found = comparison()
    means = [line.row["mean"] for line in found["methods"]]
    assert means == sorted(means, reverse=True)
    average = next(line for line in found["methods"] if line.is_average)
    assert all(line.is_below_average == (line.row["mean"] < average.row["mean"]) for line in found["methods"])
    assert {row["method"] for row in found["models"]} >= {"digits-vit-base"}


def test_settings_are_told_over_the_seeds(monkeypatch):
    row = {
        "method": "ties",
        "label": "TIES",
        "mean": 0.9,
        "sources": 3,
        "chosen": {"settings": [{"lambda": 1.0}, {"lambda": 1.5}]},
    }
    plain = {"method": "linear", "label": "Linear", "mean": 0.8, "sources": 3, "chosen": None}
    monkeypatch.setattr("hub.pages.comparing_methods.measured", lambda: {"rows": [plain, row], "commits": ["a", "b"]})
    found = comparison()
    assert [line.chosen for line in found["methods"]] == ["λ 1, 1.5", ""]
    assert found["commits"] == "a and b"

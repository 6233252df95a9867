import pytest

from workers.contracts.sizes import LARGEST, bytes_of, count_of


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("8000", 8000), ("12 B", 12), ("1KiB", 1024), ("1.5 GB", 1_500_000_000), ("2g", 2_000_000_000), ("2Gi", 2 << 30), (" 3MB ", 3_000_000), ("1TB", 10**12),
    ],
)  # fmt: skip
def test_reads_sizes(text: str, value: int) -> None:
    assert bytes_of(text) == value


@pytest.mark.parametrize(
    ("text", "value"), [("300000", 300_000), ("1.5M", 1_500_000), ("7b", 7_000_000_000), ("2 K", 2000)]
)
def test_reads_counts(text: str, value: int) -> None:
    assert count_of(text) == value


@pytest.mark.parametrize("text", ["", "GB", "-1", "1XB", "1e9", "nan", "1 2", "٣GB", "1.GB"])
def test_refuses_what_is_no_amount(text: str) -> None:
    assert bytes_of(text) is None
    assert count_of(text) is None


@pytest.mark.parametrize("text", ["9" * 400, "9" * 300 + "T"])
def test_the_largest_amount_stands_for_all_beyond(text: str) -> None:
    assert bytes_of(text) == LARGEST
    assert count_of(text) == LARGEST

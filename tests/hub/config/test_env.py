"""The readers: what they take, and that a bad value stops the start with its name."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from hub.config import env

NAME = "A_SETTING"


@pytest.fixture
def given(monkeypatch):
    monkeypatch.delenv(NAME, raising=False)
    monkeypatch.delenv(f"{NAME}_FILE", raising=False)
    return lambda value: monkeypatch.setenv(NAME, value)


@pytest.mark.parametrize(
    ("value", "read"), [("1", True), ("true", True), ("TRUE", True), ("0", False), (" false ", False), ("", None)]
)
def test_boolean_takes_two_spellings_each(given, value, read):
    given(value)
    assert env.boolean(NAME, default=True) is (True if read is None else read)


@pytest.mark.parametrize("value", ["yes", "on", "2", "none", "tru"])
def test_boolean_refuses_all_others(given, value):
    given(value)
    with pytest.raises(ImproperlyConfigured, match=f"{NAME} is '{value}'. Write 1 or true, 0 or false."):
        env.boolean(NAME)


@pytest.mark.parametrize(
    ("value", "complaint"),
    [("x", "whole number"), ("1.5", "whole number"), ("0", "from 1 to 9"), ("10", "from 1 to 9")],
)
def test_integer_refuses_what_is_none_or_out_of_range(given, value, complaint):
    given(value)
    with pytest.raises(ImproperlyConfigured, match=complaint):
        env.integer(NAME, 5, 1, 9)


def test_integer_reads_and_falls_back(given):
    assert env.integer(NAME, 5, 1, 9) == 5
    given(" 9 ")
    assert env.integer(NAME, 5, 1, 9) == 9


@pytest.mark.parametrize("value", ["x", "-1", "nan"])
def test_number_refuses_what_is_none_too_small_or_nan(given, value):
    given(value)
    with pytest.raises(ImproperlyConfigured, match=NAME):
        env.number(NAME, 1.0)


def test_one_of_names_what_is_allowed(given):
    given("debug")
    assert env.one_of(NAME, "INFO", ("DEBUG", "INFO")) == "DEBUG"
    given("loud")
    with pytest.raises(ImproperlyConfigured, match="Write one of DEBUG, INFO"):
        env.one_of(NAME, "INFO", ("DEBUG", "INFO"))


def test_names_are_split_and_cleaned(given):
    given(" a.example , ,b.example")
    assert env.names(NAME) == ["a.example", "b.example"]


def test_an_empty_variable_counts_as_not_set(given):
    given("  ")
    assert env.text(NAME, "default") == "default"
    assert env.secret(NAME, "default") == "default"


def test_a_secret_comes_from_a_file_before_the_variable(given, monkeypatch, tmp_path):
    given("from the variable")
    (tmp_path / "secret").write_text("from the file\n")
    monkeypatch.setenv(f"{NAME}_FILE", str(tmp_path / "secret"))
    assert env.secret(NAME) == "from the file"


def test_a_missing_secret_file_is_an_error_and_no_empty_secret(given, monkeypatch, tmp_path):
    monkeypatch.setenv(f"{NAME}_FILE", str(tmp_path / "missing"))
    with pytest.raises(ImproperlyConfigured, match=f"{NAME}_FILE names .*missing, which cannot be read"):
        env.secret(NAME, "default")

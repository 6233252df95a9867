"""How a folder of data is read by its names."""

import io
from contextlib import redirect_stderr

import pytest

from hub.cli.data import card_make, main
from hub.cli.transfer import explained
from tests.workers.engine.data.writing import REVIEWS, write_csv, write_jsonl, write_picture
from workers.planning.card import front_matter


def test_a_card_is_readable_whatever_files_are_called():
    card, findings = front_matter(card_make("alice/rows", ['train/"odd" \\ name: #1.csv', "test/b.csv"]))
    assert not findings
    assert card["configs"][0]["data_files"][0]["path"] == ['train/"odd" \\ name: #1.csv']


def test_many_files_are_named_by_their_folder():
    card, _ = front_matter(card_make("alice/rows", [f"train/{number}.png" for number in range(100)]))
    assert card["configs"][0]["data_files"][0]["path"] == ["train/*.png"]


def test_signed_addresses_are_never_printed():
    from huggingface_hub.utils.logging import get_logger

    def refused():
        get_logger("huggingface_hub.utils._http").warning("429 while requesting PUT %s", "http://hub/a/b?grant=SECRET")
        raise RuntimeError("b.png was not sent.") from ValueError("see 'http://hub/a/b?grant=SECRET' again")

    handler = get_logger().handlers[0]
    with redirect_stderr(io.StringIO()) as told:
        before, handler.stream = handler.stream, told
        try:
            assert explained(refused) == 1
        finally:
            handler.stream = before
    assert "http://hub/a/b?…" in told.getvalue()
    assert "SECRET" not in told.getvalue()
    assert "b.png was not sent. see 'http://hub/a/b?…' again" in told.getvalue()


def run(capsys, *arguments) -> tuple[int, str]:
    code = main([str(argument) for argument in arguments])
    return code, capsys.readouterr().err


def test_a_look_tells_rows_columns_classes_and_what_it_is_for(tmp_path, capsys):
    write_jsonl(tmp_path, REVIEWS[:3], "train.jsonl")
    write_jsonl(tmp_path, REVIEWS[3:], "test.jsonl")
    code, told = run(capsys, "check", tmp_path)
    assert code == 0
    assert "train       3 rows   text (string), label (string)\n" in told
    assert "2 classes: bad 1, good 2\n" in told
    assert "Fits text classification (text: text, label: label).\n" in told


def test_tables_of_numbers_are_not_said_to_be_running_text(tmp_path, capsys):
    write_csv(tmp_path, "width,height,species,label\n1.5,2.5,a,x\n3.5,4.5,b,y\n", "train.csv")
    told = run(capsys, "check", tmp_path)[1]
    assert "Fits tabular classification" in told
    assert "-lm" not in told


def test_a_look_finds_duplicates_contradictions_leakage_and_foreign_classes(tmp_path, capsys):
    other = {"text": REVIEWS[0]["text"], "label": "bad"}
    write_jsonl(tmp_path, [*REVIEWS, REVIEWS[0], other], "train.jsonl")
    write_jsonl(tmp_path, [REVIEWS[1], {"text": "new", "label": "odd"}], "test.jsonl")
    code, told = run(capsys, "check", tmp_path)
    assert code == 0
    for said in (
        "1 of 6 examples in train say again what an earlier one says.",
        "1 input of train comes with more than one answer.",
        "1 of 2 examples in test stand in train too.",
        "test has classes that train has not: odd.",
    ):
        assert said in told


def test_what_keeps_data_from_a_task_is_an_error_only_where_the_task_is_asked_for(tmp_path, capsys):
    write_csv(tmp_path, "text,label\na,x\nb,\n", "train.csv")
    assert run(capsys, "check", tmp_path)[0] == 0
    code, told = run(capsys, "check", tmp_path, "--task", "text-classification")
    assert code == 1
    assert "1 of 2 examples of train have no label" in told
    assert run(capsys, "check", tmp_path, "--task", "causal-lm", "--columns", "text=label")[0] == 1


def test_all_files_that_cannot_be_read_are_told_at_once_and_nothing_is_sent(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("hub.cli.data._push", lambda *_: pytest.fail("was sent"))
    write_csv(tmp_path, "a,b\n1\n", "train.csv")
    (tmp_path / "test.jsonl").write_bytes(b"\xff\n")
    code, told = run(capsys, "push", tmp_path, "alice/rows")
    assert code == 1
    assert "Line 2 of train.csv" in told
    assert "not UTF-8" in told


@pytest.mark.parametrize(
    ("name", "advice"),
    [("train.npz", "safetensors.numpy.save_file"), ("rows.pkl", "Save tables as parquet"), ("rows.json", ".jsonl"), ("notes.txt", "there is no data")],
)  # fmt: skip
def test_what_is_not_taken_is_refused_with_what_to_do(tmp_path, capsys, name, advice):
    (tmp_path / name).write_bytes(b"x")
    if name.endswith(("npz", "pkl")):
        write_picture(tmp_path / "test" / "a" / "1.png", [[0]])  # beside good data too
    code, told = run(capsys, "push", tmp_path, "alice/rows")
    assert code == 2
    assert advice in told

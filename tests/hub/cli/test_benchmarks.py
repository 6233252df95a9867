"""Benchmarks and leaderboards from a terminal."""

import json

import pytest

from hub.benchmarks.models import BenchmarkVersion
from hub.cli import main
from tests.factories.benchmarks import make_benchmark, make_entry
from tests.factories.evals import make_model

pytestmark = pytest.mark.usefixtures("hub_here")
DEFINITION = "task: image-classification\ndata: builtin:digits\nlimit: 50\n"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "definition.yaml"
    path.write_text(DEFINITION)
    return path


def test_makes_changes_and_retires_one(alice, as_user, file, capsys):
    as_user(alice, "write")
    assert main(["benchmarks", "create", "alice/mine", str(file), "--title", "Mine"]) == 0
    said = capsys.readouterr().out
    assert "mine@1" in said
    assert "50 examples" in said
    file.write_text(DEFINITION.replace("50", "60"))
    assert main(["benchmarks", "revise", "mine", str(file)]) == 0
    assert "mine@2" in capsys.readouterr().out
    assert main(["benchmarks", "retire", "mine@1", "It leaked into the training data."]) == 0
    assert BenchmarkVersion.objects.get(benchmark__name="mine", number=1).retired == "It leaked into the training data."


def test_lists_and_shows(alice, as_user, capsys):
    make_benchmark(alice, "mine")
    as_user(alice, "read")
    assert main(["benchmarks", "list", "--task", "image-classification"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines].count("mine") == 1
    assert not any(line.startswith("python-text") for line in lines)
    assert main(["benchmarks", "show", "mine", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["name"] == "mine"
    assert main(["benchmarks", "list", "--q", "no such thing"]) == 0
    assert "No benchmarks match" in capsys.readouterr().err


def test_all_that_is_wrong_is_printed(alice, as_user, file, capsys):
    as_user(alice, "write")
    file.write_text("task: telepathy\ndata: alice/none\n")
    assert main(["benchmarks", "create", "alice/mine", str(file)]) == 1
    words = capsys.readouterr().err
    assert "unknown_task" in words
    assert "not_found" in words


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["create", "mine", "FILE"], "whose is mine"),
        (["create", "alice/mine", "nowhere.yaml"], "cannot be read"),
        (["create", "alice/mine", "LIST"], "keys and values"),
        (["retire", "mine", "Because."], "which version"),
    ],
)
def test_mistakes_in_the_call_are_said_before_anything_is_sent(file, tmp_path, words, said, capsys):
    other = tmp_path / "list.yaml"
    other.write_text("- a\n")
    places = {"FILE": str(file), "LIST": str(other)}
    assert main(["benchmarks", *(places.get(word, word) for word in words)]) == 2
    assert said in capsys.readouterr().err


@pytest.fixture
def board(alice):
    version = make_benchmark(alice, "mine")
    for name, right in (("good", 9), ("bad", 2)):
        repo, _ = make_model(alice, name)
        repo.refresh_from_db()
        make_entry(alice, version, repo, [1] * right + [0] * (10 - right), cost={"parameters": right})
    return version


def test_prints_a_leaderboard(board, capsys):
    assert main(["leaderboard", "mine"]) == 0
    head, first, second = capsys.readouterr().out.splitlines()
    assert head == "Mine (mine@1), accuracy"
    assert first.split()[1:3] == ["alice/good", "0.9000"]
    assert second.split()[1] == "alice/bad"


def test_prints_it_as_csv_and_json_and_filtered(board, capsys):
    assert main(["leaderboard", "mine", "--csv", "--params-max", "5"]) == 0
    assert [line.split(",")[2] for line in capsys.readouterr().out.splitlines()] == ["model", "alice/bad"]
    assert main(["leaderboard", "mine", "--json", "--sort=-score"]) == 0
    assert json.loads(capsys.readouterr().out)["results"][0]["model"] == "alice/bad"
    assert main(["leaderboard", "none", "--csv"]) == 1
    assert "no such entry" in capsys.readouterr().err


def test_an_empty_board_says_how_to_fill_it(capsys):
    assert main(["leaderboard", "digits"]) == 0
    assert "kind evaluate" in capsys.readouterr().err

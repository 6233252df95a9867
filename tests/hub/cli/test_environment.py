"""How commands find the hub of this machine, and what they say when there is none."""

import json
import os

import pytest

from hub.cli import COMMANDS, environment, main
from hub.embedded import DataDirLock, layout_make


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GENEPOOL_DATA", raising=False)


def test_the_option_counts_before_the_variable_and_the_variable_before_the_working_folder(monkeypatch, tmp_path):
    assert environment.data_dir_of(None) == tmp_path / ".genepool"
    monkeypatch.setenv("GENEPOOL_DATA", "from-variable")
    assert environment.data_dir_of(None) == tmp_path / "from-variable"
    assert environment.data_dir_of("from-option") == tmp_path / "from-option"


def test_a_running_hub_gives_its_addresses_and_no_secret(tmp_path):
    layout = layout_make(tmp_path / "data")
    lock = DataDirLock(layout.data_dir, "genepool up")
    try:
        environment.environment_write(layout, {"DATABASE_URL": "postgres://genepool@/genepool"})
        assert environment.environment_read(layout.data_dir) == {"DATABASE_URL": "postgres://genepool@/genepool"}
        assert (layout.run / environment.FILE).stat().st_mode & 0o777 == 0o600
    finally:
        lock.release()


def test_a_hub_that_was_killed_is_not_taken_for_a_running_one(tmp_path):
    layout = layout_make(tmp_path / "data")
    environment.environment_write(layout, {"DATABASE_URL": "x"})
    (layout.data_dir / "lock").write_text(json.dumps({"pid": os.getpid(), "started": "long ago"}))
    with pytest.raises(environment.NotRunning, match="Start it with `genepool up`"):
        environment.environment_read(layout.data_dir)


def test_a_hub_that_is_starting_asks_for_patience(tmp_path):
    layout = layout_make(tmp_path / "data")
    lock = DataDirLock(layout.data_dir, "genepool up")
    try:
        with pytest.raises(environment.NotRunning, match="still starting"):
            environment.environment_read(layout.data_dir)
    finally:
        lock.release()


def test_a_command_without_a_hub_says_how_to_start_one(monkeypatch, tmp_path, capsys):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert environment.activate_or_explain(str(tmp_path / "none")) is False
    assert f"No hub runs on {tmp_path / 'none'}. Start it with `genepool up`" in capsys.readouterr().err


def test_the_table_is_listed_without_arguments(capsys):
    assert main([]) == 2
    assert main(["--help"]) == 0
    said = capsys.readouterr()
    assert all(f"  {name} " in said.out and f"  {name} " in said.err for name in COMMANDS)


def test_an_unknown_command_names_the_nearest(capsys):
    assert main(["methds"]) == 2
    assert "there is no command 'methds'. Did you mean methods?" in capsys.readouterr().err


def test_the_version_is_the_one_of_the_code(capsys):
    from workers.contracts.version import VERSION

    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"genepool {VERSION}\n"


def test_the_commands_are_those_of_the_design():
    assert list(COMMANDS) == [
        "up", "run", "merge", "check", "rank", "methods", "submit", "jobs", "benchmarks", "leaderboard", "compare", "claims", "store", "push", "data", "pull", "import", "user", "token", "backup", "restore",
        "export", "verify", "bench", "gc",
    ]  # fmt: skip


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_leads_to_a_function(name):
    from importlib import import_module

    module, _, function = COMMANDS[name][0].partition(":")
    assert callable(getattr(import_module(module), function))

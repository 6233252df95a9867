"""The benchmark's parts: what it measures on, what it compares with, what it prints. Its figures are for people."""

import argparse
import json

from workers.bench import copy, merge
from workers.bench.family import family_make
from workers.contracts.methods import methods_of
from workers.engine.io.reader import tensors_of


def test_the_family_is_a_base_and_near_relatives(tmp_path):
    folders = family_make(tmp_path, layers=1, width=16, vocabulary=32)
    base, tuned = (dict(tensors_of(folder)) for folder in folders[:2])
    name = "model.layers.0.mlp.down_proj.weight"
    assert base.keys() == tuned.keys()
    assert 0 < (base[name].float() - tuned[name].float()).norm() < base[name].float().norm()


def test_the_floor_reads_everything_and_writes_the_last(tmp_path, capsys):
    (tmp_path / "a").write_bytes(bytes(1000))
    (tmp_path / "b").write_bytes(b"x" * 777)
    assert copy.main([str(tmp_path / "a"), str(tmp_path / "b"), str(tmp_path / "out")]) == 0
    cost = json.loads(capsys.readouterr().out)
    assert (cost["read_bytes"], cost["written_bytes"]) == (1777, 777)
    assert (tmp_path / "out").read_bytes() == b"x" * 777


def test_measures_every_method_against_a_copy_of_as_many_bytes(tmp_path):
    folders = family_make(tmp_path / "family", layers=1, width=16, vocabulary=32)
    cases = merge._cases(tmp_path, folders, 1, 2)
    wanted = {row.name for row in methods_of("merge") if row.takes == "model" and not row.learn}
    assert {case.name for case in cases} >= wanted
    for case in cases:
        case.seconds, case.memory = [2.0, 4.0, 3.0] if case.name.startswith("copy") else [6.0], [10]
    options = argparse.Namespace(threads=2, rounds=3, width=16, vocabulary=32)
    figures = merge._figures(cases, options)
    assert {row["times_copy"] for row in figures["rows"]} == {1.0, 2.0}
    table = merge._table(figures)
    assert all(case.name in table for case in cases)


def test_runs_a_case_as_a_whole_process(tmp_path):
    folders = family_make(tmp_path / "family", layers=1, width=16, vocabulary=32)
    case = next(case for case in merge._cases(tmp_path, folders, 1, 1) if case.name == "ties")
    case.run(tmp_path)
    assert case.seconds[0] > 0
    assert case.memory[0] > 2**20
    assert not (tmp_path / "out").exists()

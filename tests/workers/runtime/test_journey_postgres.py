"""Postgres killed -9 in the middle of a merge: the job goes on, with the same bytes."""

import pytest

from tests.workers.runtime.scripts import carried_out

pytestmark = pytest.mark.journey


def test_merge_survives_a_crash_of_the_database(tmp_path):
    found = carried_out("tests.workers.runtime.postgres_crash", tmp_path, timeout=110)
    assert not found["is_working"]
    assert found["states"] == ["succeeded", "succeeded"], found["errors"]
    assert found["attempts"] == [1, 1]
    assert found["digests"][0] == found["digests"][1]
    assert found["weights"][0] == found["weights"][1]
    assert len(found["weights"][0]) > 10

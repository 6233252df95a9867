"""A training killed -9 three times, child, worker and Postgres: it ends with the weights and the curve of one that nobody disturbed.

That one is trained by another worker at the same time.
"""

import pytest

from tests.workers.runtime.scripts import carried_out

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]


def test_a_training_survives_the_death_of_its_child_its_worker_and_the_database(tmp_path):
    found = carried_out("tests.workers.runtime.training_killed", tmp_path, timeout=280)
    assert not found["is_working"]
    assert found["states"] == ["succeeded", "succeeded"], found["errors"]
    assert len(set(found["workers"])) == 2, "two workers were in the middle of one training each"
    assert min(found["at_once"]) >= 5
    assert found["attempts"] == [1, 3]
    assert found["resumed_at"] >= 80
    assert found["digests"][0] == found["digests"][1]
    assert found["curves"][0] == found["curves"][1]
    assert found["losses"][0] == found["losses"][1]
    assert len(found["losses"][0]) == 6

"""What the methods claim, on the zoo's digits: what they take from three fine-tunes is worth more than their average."""

from statistics import mean

import pytest

from workers.bench.cells import EXPERTS
from workers.demo import zoo
from workers.demo.cache import folder_of
from workers.demo.sweep import merge_folder
from workers.demo.training import OUT, measure

pytestmark = pytest.mark.timeout(600)


def test_methods_without_data_beat_the_plain_average_at_their_presets(zoo_study, tmp_path):
    """Mean accuracy over the domains' test splits, each normalised by that of the model made for it."""
    reference = {
        domain: measure(zoo_study, folder_of(zoo_study, zoo.entry_get(f"{name}@0")) / OUT, split="test")[domain][
            "value"
        ]
        for domain, name in EXPERTS.items()
    }

    def normalised(method):
        scores = measure(zoo_study, merge_folder(zoo_study, 0, {"method": method}, tmp_path / method), split="test")
        return mean(scores[domain]["value"] / reference[domain] for domain in zoo.DOMAINS)

    average = normalised("linear")
    # Measured: 0.857 for the average, 0.876 to 0.894 for these.
    found = {method: normalised(method) for method in ("tsv_m", "pcb", "consensus", "knots")}
    assert all(value > average + 0.005 for value in found.values()), (average, found)
    assert average < 1.0

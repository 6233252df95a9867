"""What each method's paper claims, on the zoo's digits: three fine-tunes in one model are worth more than their plain average.

Quick claims run with all tests on the first seed, where only signs are asserted. `make claims` runs those of the methods that
learn as well; `SEEDS=3` asserts means over three seeds, with margins.
"""

import json
import os
from dataclasses import dataclass, field
from statistics import mean

import pytest

from tests.claims import claim
from tests.zoo import trained
from workers.bench.cells import Study, merged, recipe_of
from workers.contracts.methods import method_get
from workers.demo import zoo

SEEDS = int(os.environ.get("SEEDS", "1"))
# What means over three seeds were above the average by, at least, is halved; one seed tells no more than the sign.
MARGIN = 0.01 if SEEDS >= 3 else 0.0
pytestmark = pytest.mark.timeout(1200)


@dataclass
class Claims:
    """Merges of every seed, each made and measured once. A worth is accuracy over that of the model made for the domain."""

    studies: list[Study]
    root: object
    known: dict = field(default_factory=dict)
    learned: dict = field(default_factory=dict)

    def domains(self, name, **settings):
        """The mean over seeds for each domain's test split."""
        key = json.dumps([name, settings], sort_keys=True)
        if key not in self.known:
            found = [self._one(study, key, name, settings) for study in self.studies]
            self.known[key] = {domain: mean(each[domain] for each in found) for domain in zoo.DOMAINS}
        return self.known[key]

    def worth(self, name, **settings):
        return mean(self.domains(name, **settings).values())

    def loss(self, name, **settings):
        """What a method minimised, over the seeds: the means of the first and the last fifth of its steps."""
        self.domains(name, **settings)
        curves = self.learned[json.dumps([name, settings], sort_keys=True)]
        return [mean(curve[at] for curve in curves) for at in (0, 1)]

    def model(self, name):
        """A fine-tune as it is."""
        found = [study.normalised(study.folders[name]) for study in self.studies]
        return {domain: mean(each[domain] for each in found) for domain in zoo.DOMAINS}

    def _one(self, study, key, name, settings):
        scratch = self.root / f"{len(self.known)}-{study.seed}"
        scratch.mkdir()
        folder = merged(recipe_of(method_get("merge", name), study.folders, study.seed, **settings), scratch)
        learning = json.loads((folder / "report.json").read_text()).get("learning", {})
        if "curve" in learning:
            losses = [values["loss"] for _, values in learning["curve"]]
            part = max(1, len(losses) // 5)
            self.learned.setdefault(key, []).append((mean(losses[:part]), mean(losses[-part:])))
        return study.normalised(folder)


@pytest.fixture(scope="module")
def claims(tmp_path_factory):
    return Claims([Study(trained(SEEDS), seed) for seed in range(SEEDS)], tmp_path_factory.mktemp("claims"))


@claim(core_s=1)
@pytest.mark.parametrize("method", ["tsv_m", "pcb", "consensus", "knots", "widen", "wudi"])
def test_methods_without_data_beat_the_plain_average_at_their_presets(claims, method):
    assert claims.worth(method) > claims.worth("linear") + MARGIN


@claim(core_s=1)
@pytest.mark.parametrize(
    ("method", "settings"),
    [("iso_c", {"lambda": 2.25}), ("iso_cts", {"lambda": 2.25}), ("localize_stitch", {"sparsity": 0.3})],
)
def test_methods_whose_papers_choose_a_number_on_validation_data_beat_the_plain_average_with_it(
    claims, method, settings
):
    assert claims.worth(method, **settings) > claims.worth("linear") + MARGIN


@claim(core_s=1)
def test_layer_swapping_gives_each_domain_more_than_the_expert_for_the_other(claims):
    swapped = claims.domains("layer_swap", bottom=1, top=1, transition=0)
    for own, other in (("rotated", "shifted"), ("shifted", "rotated")):
        assert swapped[own] > claims.model(f"digits-vit-{other}")[own] + MARGIN


@claim(core_s=2)
def test_a_signature_patches_robustness_in_and_out_again(claims):
    clean, patched = claims.model("digits-vit-rotated"), claims.domains("robust_signature")
    assert all(patched[domain] > clean[domain] + MARGIN for domain in ("shifted", "noisy"))
    assert patched["rotated"] > 0.9 * clean["rotated"]
    stronger = claims.domains("robust_signature", average=False)
    assert mean(stronger[domain] for domain in ("shifted", "noisy")) > mean(
        patched[domain] for domain in ("shifted", "noisy")
    )


@claim(core_s=1)
def test_a_tasks_own_mask_gives_back_what_the_sum_took_from_it(claims):
    alone = claims.domains("consensus", task=zoo.TUNED.index("rotated") + 1, **{"lambda": 1.0})
    assert alone["rotated"] > claims.domains("task_arithmetic", **{"lambda": 1.0})["rotated"] + MARGIN


@claim(core_s=1)
@pytest.mark.slow
@pytest.mark.parametrize("method", ["regmean", "regmean_pp"])
def test_regression_on_inputs_beats_the_plain_average(claims, method):
    assert claims.worth(method) > claims.worth("linear") + MARGIN / 2


@claim(core_s=8)
@pytest.mark.slow
def test_fisher_keeps_more_of_what_answers_depend_on_with_equal_lengths(claims):
    assert claims.worth("fisher", normalize=True) > claims.worth("fisher") + MARGIN


@claim(core_s=15)
@pytest.mark.slow
def test_learning_by_entropy_makes_answers_surer_and_beats_where_it_began(claims):
    first, last = claims.loss("adamerging")
    assert last < first
    assert claims.worth("adamerging") > claims.worth("task_arithmetic", **{"lambda": 0.3})


@claim(core_s=15)
@pytest.mark.slow
def test_learning_by_entropy_what_ties_left_beats_the_plain_average_from_a_start_as_long(claims):
    assert claims.worth("adamerging_pp", init=0.9) > claims.worth("linear") + MARGIN


@claim(core_s=30)
@pytest.mark.slow
def test_learning_from_labels_beats_the_plain_average(claims):
    first, last = claims.loss("atlas")
    assert last < first
    assert claims.worth("atlas") > claims.worth("linear") + MARGIN


@claim(core_s=2)
@pytest.mark.slow
@pytest.mark.parametrize("method", ["expert_merging", "expert_merging_pp"])
def test_answering_like_the_experts_is_learned_from_five_examples_of_each(claims, method):
    assert claims.worth(method, init=0.6) > claims.worth("linear") + MARGIN


@claim(core_s=2)
@pytest.mark.slow
def test_trained_regions_carry_over_what_each_model_learned_in_a_tenth_of_its_weights(claims):
    stitched, base = claims.domains("localize_stitch_trained"), claims.model("digits-vit-base")
    assert all(stitched[domain] > base[domain] + MARGIN for domain in ("rotated", "shifted"))
    assert mean(stitched.values()) > mean(base.values()) + 0.03

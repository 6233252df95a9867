"""What holds for every method that learns coefficients, and what characterises each: AdaMerging++, aTLAS, Expert Merging and ++."""

import numpy as np
import pytest
import torch

from tests.workers.engine.merge import lessons
from tests.workers.engine.merge.steps import tensors
from tests.workers.engine.plans import parameters_of
from workers.contracts.errors import Cancelled, UserError
from workers.engine.merge.adamerging_pp import merge as merge_elected
from workers.engine.merge.learning.choosing import few_shot, trusted
from workers.engine.merge.learning.experts import chunks_of
from workers.engine.merge.learning.mixture import Mixture, Start
from workers.engine.merge.learning.student import Student
from workers.engine.merge.step import MergeStep

QUICK = {
    "adamerging_pp": {"steps": 8, "learning_rate": 0.05},
    "atlas": {"steps": 12, "learning_rate": 0.05, "partitions": 3},
    "expert_merging": {"epochs": 4, "penalty": 0.0, "learning_rate": 0.1},
    "expert_merging_pp": {"epochs": 4, "penalty": 0.0, "learning_rate": 0.1, "budget": 3.0},
}


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    root = tmp_path_factory.mktemp("room")
    return root, lessons.family(root)


def learning(room, method, *, out, domains=("clean", "noisy"), cancel_at=None, **options):
    root, folders = room
    labelled = method == "atlas" and "objective" not in options
    data = [lessons.digits(root, domain, labelled=labelled) for domain in domains]
    values = {"batch_size": 8, **QUICK[method], **options}
    return lessons.learning_of(root, folders, method, data, out=out, cancel_at=cancel_at, **values)


@pytest.mark.parametrize("method", QUICK)
def test_the_loss_goes_down_and_a_kill_changes_no_byte(room, method):
    whole = learning(room, method, out=f"{method}-whole")
    report = lessons.learn(whole)
    assert report["loss"][1] < report["loss"][0]
    same_after_kill(room, method, whole, report, cancel_at=2)


def same_after_kill(room, method, whole, report, *, cancel_at, **options):
    out = f"{whole.out.name}-killed"
    with pytest.raises(Cancelled):
        lessons.learn(learning(room, method, out=out, cancel_at=cancel_at, **options))
    resumed = learning(room, method, out=out, **options)
    assert not lessons.files(resumed)
    assert lessons.learn(resumed) == report
    assert lessons.files(resumed) == lessons.files(whole)


def test_elected_changes_are_those_of_ties():
    base, *sources = tensors(4, (40, 10))
    step = MergeStep(
        name="w", raw_base=base.flatten(), raw_sources=tuple(source.flatten() for source in sources), source_ids=(1, 2, 3),
        parameters=parameters_of("adamerging_pp", 3, {}), format="F32", shape=(40, 10),
        learned={"coefficients": torch.tensor([[0.2], [0.5], [1.0]])},
    )  # fmt: skip
    b = base.flatten().double().numpy()
    kept = []
    for source in sources:
        tau = (source.flatten() - base.flatten()).numpy()
        order = np.argsort(-np.abs(tau), kind="stable")[: int(0.2 * tau.size)]
        kept.append(np.where(np.isin(np.arange(tau.size), order), tau, 0.0).astype(np.float64))
    sign = np.where(sum(kept) >= 0, 1.0, -1.0)
    expected = b + sum(c * np.where(v * sign > 0, v, 0.0) for c, v in zip((0.2, 0.5, 1.0), kept, strict=True))
    np.testing.assert_allclose(merge_elected(step).double().numpy(), expected, rtol=1e-6, atol=1e-7)


def test_the_anisotropic_form_deals_out_matrices_alone(room):
    made = learning(room, "atlas", out="parts")
    lessons.learn(made)
    for step in made.merged:
        table = lessons.learned(made, step.name)["coefficients"]
        assert table.shape == (2, 3 if len(step.shape) == 2 else 1)
        assert table.abs().max() > 0


def test_the_test_time_form_reads_no_labels(room):
    report = lessons.learn(learning(room, "atlas", out="entropy", objective="entropy", penalty="l2"))
    assert set(report["curve"][0][1]) == {"loss", "entropy", "l2_norm"}


def test_the_mixture_teaches_itself_what_it_is_sure_of(room):
    options = {"objective": "pseudo_labels", "partitions": 1}
    whole = learning(room, "atlas", out="sure", **options)
    report = lessons.learn(whole)
    assert report["loss"][1] < report["loss"][0]
    same_after_kill(room, "atlas", whole, report, cancel_at=6, **options)


def test_trusted_examples_are_the_surest_of_each_class_it_answers(room):
    made = learning(room, "atlas", out="trusted", objective="pseudo_labels")
    student = Student(made)
    mixture = Mixture(student, dict.fromkeys(student.places, Start(0.0)))
    held = trusted(student, mixture, 16)
    for number, data in enumerate(student.batches(number) for number in range(2)):
        batch = data.batch(torch.arange(16), seed=0)
        chances = torch.softmax(student.run(student.weights(None), batch.inputs).logits, dim=-1)
        sure, answers = chances.max(dim=-1)
        best = sorted(int(sure.where(answers == answer, -1.0).argmax()) for answer in answers.unique())
        wanted = batch.inputs["pixel_values"][best]
        found = held._parts[number].batch(torch.arange(len(best)), seed=0)  # ⌊16 / 10⌋ of each class: one
        assert torch.equal(found.inputs["pixel_values"], wanted)
        assert found.targets["labels"].tolist() == answers[best].tolist()
    student.close()


def test_shots_are_so_many_of_each_class(room):
    made = learning(room, "atlas", out="shots", shots=1)
    student = Student(made)
    held = few_shot(student, 1)
    for part, rows in zip(held._parts, held._rows, strict=True):
        everything = part.batch(torch.arange(len(part)), seed=0).targets["labels"]
        assert sorted(everything[rows].tolist()) == everything.unique().tolist()
    student.close()
    assert lessons.learn(made)["steps"] == QUICK["atlas"]["steps"]


def test_a_lone_expert_is_taken_over_whole(room):
    """With one source and no penalty nothing is nearer to its answers than itself: σ(α) goes to 1."""
    root, folders = room
    data = [lessons.digits(root, "clean", labelled=False)]
    made = lessons.learning_of(
        root, folders[:2], "expert_merging", data, out="lone", epochs=40, penalty=0.0, hidden=1.0, hidden_layers="all", examples=16,
        batch_size=16, learning_rate=0.3,
    )  # fmt: skip
    report = lessons.learn(made)
    assert report["loss"][1] < 0.1 * report["loss"][0]
    weights = [
        lessons.learned(made, step.name)["coefficients"] for step in made.merged if step.name == "classifier.weight"
    ]
    assert float(weights[0]) > 0.8


class Sized:
    """A mixture of which only sizes and coefficients are asked."""

    def sizes(self):
        return {"small": ([0.1, 0.1], 10), "large": ([0.2, 0.4], 100), "none": ([0.0, 0.0], 50)}

    def values(self):
        return {name: torch.tensor([[0.5], [0.25]]) for name in ("small", "large", "none")}


def test_pieces_go_where_coefficients_change_most():
    """I = Σ|α|·mean|τ|·n: small 0.75, large 20, none 0; of 3·4 = 12 coefficients the large one gets ⌊12·20/20.75⌋."""
    assert chunks_of(Sized(), budget=4.0, sharpness=1.0) == {"small": 0, "large": 11, "none": 0}
    assert chunks_of(Sized(), budget=4.0, sharpness=0.0) == {"small": 4, "large": 4, "none": 4}


def test_pieces_are_learned_and_the_rest_stays_where_it_began(room):
    made = learning(room, "expert_merging_pp", out="pieces")
    report = lessons.learn(made)
    counts = {step.name: lessons.learned(made, step.name)["coefficients"] for step in made.merged}
    assert {name: table.shape[1] for name, table in counts.items() if name in report["pieces"]} == report["pieces"]
    rest = [table for name, table in counts.items() if name not in report["pieces"]]
    assert rest
    torch.testing.assert_close(torch.cat(rest), torch.full((2 * len(rest), 1), 0.1).view(-1, 1))


def test_a_tensor_that_has_no_part_in_an_answer_is_refused(room, tmp_path):
    from tests.builders import model_folder, vit_config

    root, folders = room
    odd = [
        model_folder(tmp_path / folder.name, lessons.state(folder) | {"stray.weight": torch.ones(3)}, config=vit_config(**lessons.SIZES))
        for folder in folders
    ]  # fmt: skip
    made = lessons.learning_of(tmp_path, odd, "atlas", [lessons.digits(root, "clean")], steps=1)
    with pytest.raises(UserError, match=r"stray\.weight"):
        lessons.learn(made)

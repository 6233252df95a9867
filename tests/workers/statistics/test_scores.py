"""Every score against scikit-learn, scipy and statsmodels."""

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as oracle
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.weightstats import DescrStatsW

from tests.workers.statistics.answers import classified, modelled, predicted
from workers.contracts.tasks import METRICS, TASKS, metric_get, task_get
from workers.statistics import scores
from workers.statistics.scores import metrics_of, value_under

EXACT = 1e-9


def exactly(value):
    return pytest.approx(value, rel=EXACT, abs=EXACT)


@pytest.mark.filterwarnings("ignore:y_pred contains classes")
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("accuracy", oracle.accuracy_score),
        ("f1_macro", lambda gold, guess: oracle.f1_score(gold, guess, average="macro", zero_division=0)),
        ("balanced_accuracy", oracle.balanced_accuracy_score),
    ],
)
def test_classification_agrees_with_scikit_learn(name, function, seed):
    answers = classified(seed=seed)
    found = metrics_of(task_get("text-classification"), answers)[name]
    assert found["value"] == exactly(function(answers["gold"], answers["prediction"]))
    assert found["low"] < found["value"] < found["high"]
    assert found["n"] == 300


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("rmse", oracle.root_mean_squared_error), ("mae", oracle.mean_absolute_error), ("r2", oracle.r2_score),
        ("spearman", lambda gold, guess: stats.spearmanr(gold, guess).statistic),
        ("pearson", lambda gold, guess: stats.pearsonr(gold, guess).statistic),
    ],
)  # fmt: skip
def test_regression_agrees_with_scikit_learn_and_scipy(name, function, seed):
    answers = predicted(seed=seed)
    found = metrics_of(task_get("text-regression"), answers, names=(name,))[name]
    assert found["value"] == exactly(function(answers["gold"], answers["prediction"]))
    assert found["low"] < found["value"] < found["high"]


def test_share_has_the_interval_of_wilson():
    answers = classified()
    found = metrics_of(task_get("text-classification"), answers)["accuracy"]
    low, high = proportion_confint(int(answers["correct"].sum()), 300, method="wilson")
    assert (found["low"], found["high"]) == (exactly(low), exactly(high))


def test_mean_has_the_interval_of_student():
    answers = classified()
    found = metrics_of(task_get("text-classification"), answers)["nll"]
    low, high = DescrStatsW(-answers["logprob"]).tconfint_mean()
    assert (found["low"], found["high"]) == (exactly(low), exactly(high))


def test_bits_per_byte_and_perplexity_are_of_the_whole_text_not_means_of_texts():
    answers = modelled()
    found = metrics_of(task_get("causal-lm"), answers)
    nats = -answers["logprob"].sum()
    assert found["bits_per_byte"]["value"] == exactly(nats / np.log(2) / answers["bytes"].sum())
    assert found["perplexity"]["value"] == exactly(np.exp(nats / answers["tokens"].sum()))
    for entry in found.values():
        assert entry["low"] < entry["value"] < entry["high"]


def test_a_yes_or_no_column_and_a_share_by_example_stay_within_0_and_1():
    answers = {
        "gold": np.array(["a", "b", "c"]), "prediction": np.array(["a", "b", "d"]),
        "correct": np.array([True, True, False]), "token_f1": np.array([1.0, 1.0, 0.1]),
    }  # fmt: skip
    found = metrics_of(task_get("generation"), answers)
    assert found["exact_match"]["value"] == exactly(2 / 3)
    assert (found["token_f1"]["low"], found["token_f1"]["high"]) == (0.0, 1.0)


def test_ece_is_order_free_and_cut_by_mass():
    answers = classified(n=300)
    ranked = np.argsort(answers["confidence"]).reshape(15, 20)
    by_hand = np.mean([abs(answers["correct"][rows].mean() - answers["confidence"][rows].mean()) for rows in ranked])
    order = np.random.default_rng(1).permutation(300)
    shuffled = {name: column[order] for name, column in answers.items()}
    for columns in (answers, shuffled):
        found = metrics_of(task_get("text-classification"), columns, names=("ece",))["ece"]
        assert found["value"] == exactly(by_hand)


@pytest.mark.parametrize("metric", [row for row in METRICS if row.form == "statistic"], ids=lambda row: row.name)
def test_every_statistic_of_the_table_is_here_by_its_name(metric):
    assert scores.STATISTICS[metric.name] is getattr(scores, metric.name)


@pytest.mark.parametrize(
    "name", ["f1_macro", "balanced_accuracy", "ece", "r2", "spearman", "pearson", "accuracy", "rmse"]
)
def test_weights_are_repetitions(name):
    """A resample by weights gives the number that the drawn examples themselves give."""
    answers = classified() if name in ("f1_macro", "balanced_accuracy", "accuracy") else predicted()
    if name == "ece":
        answers = {"confidence": np.repeat([0.2, 0.9], 50), "correct": np.tile([True, False], 50)}
    n = len(next(iter(answers.values())))
    weights = np.random.default_rng(0).integers(0, 3, (4, n)).astype(float)
    found = value_under(metric_get(name), answers, weights)
    for row, value in zip(weights.astype(int), found, strict=True):
        drawn = {key: np.repeat(column, row) for key, column in answers.items()}
        assert value == exactly(value_under(metric_get(name), drawn, np.ones((1, row.sum())))[0])


@pytest.mark.parametrize("name", ["r2", "spearman", "pearson"])
def test_without_spread_a_score_is_undefined_not_zero(name):
    answers = {"gold": np.full(9, 0.1), "prediction": np.arange(9.0)}
    assert metrics_of(task_get("text-regression"), answers, names=(name,))[name] == {
        "value": None, "low": None, "high": None, "n": 9,
    }  # fmt: skip


def test_perplexity_beyond_all_numbers_is_undefined():
    answers = {"logprob": np.full(3, -5000.0), "tokens": np.ones(3)}
    assert metrics_of(task_get("masked-lm"), answers, names=("perplexity",))["perplexity"]["value"] is None


@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_answers_that_are_no_numbers_are_refused(broken):
    answers = predicted()
    answers["prediction"][3] = broken
    with pytest.raises(ValueError, match="NaN or infinity in prediction"):
        metrics_of(task_get("text-regression"), answers, names=("r2",))


@pytest.mark.parametrize("columns", [{}, {"correct": np.array([])}, {"correct": np.ones(3), "logprob": np.ones(2)}])
def test_nothing_or_ragged_answers_are_refused(columns):
    with pytest.raises(ValueError, match="at least one example"):
        metrics_of(task_get("text-classification"), columns)


def test_a_single_example_and_a_single_class():
    answers = {name: column[:1] for name, column in classified().items()}
    found = metrics_of(task_get("text-classification"), answers)
    assert found["accuracy"]["high"] - found["accuracy"]["low"] > 0.7
    assert found["f1_macro"]["value"] in (0.0, 1.0)
    assert found["f1_macro"]["low"] is None


def test_clusters_widen_the_interval():
    """The same question asked ten times says no more than asked once."""
    once = classified(n=60)
    ten = {name: np.repeat(column, 10) for name, column in once.items()}
    cluster = np.repeat([f"passage {number}" for number in range(60)], 10)
    task = task_get("text-classification")
    plain, clustered, first = metrics_of(task, ten), metrics_of(task, ten, cluster=cluster), metrics_of(task, once)
    for name in ("nll", "f1_macro", "balanced_accuracy", "ece"):
        width, honest, alone = (entry[name]["high"] - entry[name]["low"] for entry in (plain, clustered, first))
        assert honest > 2 * width
        assert honest == pytest.approx(alone, rel=0.2)


def test_same_answers_give_the_same_numbers_each_time():
    answers = classified()
    assert metrics_of(TASKS[0], answers) == metrics_of(TASKS[0], answers)


def test_clusters_of_one_example_each_are_none():
    columns = {"correct": np.array([True] * 30 + [False] * 10)}
    names = ("accuracy",)
    alone = metrics_of(task_get("text-classification"), columns, names=names, cluster=np.arange(40))
    assert alone == metrics_of(task_get("text-classification"), columns, names=names)
    assert alone != metrics_of(task_get("text-classification"), columns, names=names, cluster=np.arange(40) // 2)

"""The page of one measurement, and of two beside each other: numbers worked out again from the single answers."""

import io
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from safetensors.numpy import save

from hub.blobs.services import blob_put
from hub.catalog.operations import AddFile
from hub.catalog.services import commit_create, repo_create
from hub.jobs.models import JobOutput
from tests.factories.catalog import make_blob
from tests.factories.evals import make_evaluation, make_model, parent, sha_of
from tests.factories.jobs import make_job

pytestmark = pytest.mark.django_db
DATA = "alice/digits"
MINE, THEIRS = [1] * 80 + [0] * 20, [1] * 60 + [0] * 10 + [1] * 25 + [0] * 5


@pytest.fixture
def data(alice):
    """Pictures and labels, in the order of the answers, numbered by their own column."""
    repo = repo_create(user=alice, type="dataset", namespace="alice", name="digits", visibility="public")
    content = save({
        "images": np.linspace(0, 1, 100 * 64, dtype="float32").reshape(100, 1, 8, 8), "labels": np.arange(100) % 3,
        "index": np.arange(100) + 500,
    })  # fmt: skip
    files = [AddFile("data/test.safetensors", make_blob(alice, content), is_lfs=True)]
    commit_create(repo=repo, branch="main", user=alice, operations=files, title="Add")
    repo.refresh_from_db()
    return repo


def answers(user, correct, *, first=500, confidence=0.9, slices=None):
    """As the evaluate job writes them: gold 0, 1, 2 in turn; who is wrong names the next class."""
    gold = [number % 3 for number in range(len(correct))]
    columns = {
        "example_id": pa.array(range(first, first + len(correct)), pa.int64()), "example_sha": [sha_of(DATA, number) for number in range(len(correct))],
        "gold": pa.array(gold, pa.int32()), "prediction": pa.array([value if right else (value + 1) % 3 for value, right in zip(gold, correct, strict=True)], pa.int32()),
        "correct": [bool(right) for right in correct], "logprob": [-0.1] * len(correct), "confidence": [confidence] * len(correct),
        **(slices or {}),
    }  # fmt: skip
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer)
    return blob_put(chunks=[buffer.getvalue()], user=user)


def measure(user, entry, correct, data, **more):
    row = make_evaluation(user, *entry, correct, data_repo=data)
    row.predictions = answers(user, correct, **more)
    row.definition = {"labels": ["zero", "one", "two"], "slices": list(more.get("slices") or {})}
    row.save()
    return row


@pytest.fixture
def pair(alice, data):
    one = make_model(alice, "one")
    child = make_model(alice, "child", parents=[parent(*one)])
    return measure(alice, child, MINE, data), measure(alice, one, THEIRS, data)


def against(mine, theirs, query=""):
    return f"/{mine.repo.full_name}/evaluations/{mine.pk}/against/{theirs.pk}{query}"


def page_of(row):
    return f"/{row.repo.full_name}/evaluations/{row.pk}"


def test_every_class_is_counted_from_the_answers(browser, pair):
    lines = browser().get(f"{page_of(pair[0])}/classes.csv").content.decode().splitlines()
    assert lines[0] == "class,examples,right,recall,low,high,precision,taken for,times"
    # of 34 zeros those among the first 80 are right: 27; the 7 wrong ones are called one
    assert lines[1].startswith("zero,34,27,0.794")
    assert lines[1].endswith(",one,7")


def test_classes_are_called_as_in_the_answers_whatever_order_the_model_has(browser, pair):
    mine = pair[0]
    mine.definition, mine.labels = {}, ["nought", "unity", "pair"]
    mine.save()
    lines = browser().get(f"{page_of(mine)}/classes.csv").content.decode().splitlines()
    assert [line.partition(",")[0] for line in lines[1:]] == ["nought", "unity", "pair"]


def test_calibration_says_by_how_much_it_is_too_sure(browser, pair):
    text = browser().get(page_of(pair[0])).content.decode()
    assert "More confident than right, by 10.0 points" in text
    assert "Calibration error 10.0" in text


def test_slices_are_measured_by_themselves(browser, alice, data):
    times = ["day"] * 80 + ["night"] * 20
    row = measure(alice, make_model(alice, "sliced"), MINE, data, slices={"time": times})
    lines = browser().get(f"{page_of(row)}/slices.csv").content.decode().splitlines()
    assert [line.split(",")[:4] for line in lines[1:]] == [["time", "day", "80", "1.0"], ["time", "night", "20", "0.0"]]


def test_parents_are_offered_to_be_put_beside_it(browser, pair):
    text = browser().get(page_of(pair[0])).content.decode()
    assert against(*pair) in text
    assert "parent" in text


def test_flips_are_counted_and_signed(browser, pair):
    text = browser().get(against(*pair)).content.decode()
    # both right 0..59 and 70..79; fixed 60..69; broken 80..94; both wrong 95..99
    assert "15 broken" in text
    assert "10 fixed" in text
    assert "−5.0 points" in text
    assert "It includes zero: over these examples the two cannot be told apart." in text


def test_the_margin_is_chosen_and_said_in_words(browser, pair):
    text = browser().get(against(*pair)).content.decode()
    assert "Not shown to be no worse by more than 1 point: the interval reaches down to" in text
    text = browser().get(against(*pair, "?margin=2.5&show=lost")).content.decode()
    assert "Not shown to be no worse by more than 2.5 points" in text
    assert "?show=gained&amp;margin=2.5#examples" in text
    assert "The same within 40 points" in browser().get(against(*pair, "?margin=40")).content.decode()
    assert "Write how many points are too small to matter: 0.1 to 50." in browser().get(against(*pair, "?margin=99")).content.decode()  # fmt: skip


def test_the_flips_and_every_other_table_come_as_csv(browser, pair):
    page = browser().get(against(*pair)).content.decode()
    for what in ("flips", "metrics", "classes"):
        address = against(*pair, f"/{what}.csv")
        assert f'href="{address}"' in page
        assert browser().get(address).status_code == 200
    rows = dict(line.split(",", 1) for line in browser().get(against(*pair, "/flips.csv")).content.decode().splitlines()[1:])  # fmt: skip
    gained, lost = (int(rows[name].partition(",")[0]) for name in ("gained", "lost"))
    assert f"{gained} {'is' if gained == 1 else 'are'} fixed and {lost} broken." in page
    assert {"nfr", "pfr", "btc", "bec", "oracle", "headroom", "mcnemar_exact_p"} <= set(rows)
    assert browser().get(against(*pair, "/slices.csv")).status_code == 404


def test_the_very_examples_are_shown_with_their_pictures(browser, pair):
    text = browser().get(against(*pair, "?show=gained")).content.decode()
    assert text.count('<img class="example-picture') == 10
    assert "example 560" in text
    assert "example 500" not in text


def test_where_the_rows_stand_in_another_order_no_picture_is_shown(browser, alice, data, pair):
    row = measure(alice, make_model(alice, "odd"), MINE, data, first=0)
    text = browser().get(against(row, pair[1])).content.decode()
    assert "another order than its answers" in text
    assert "<img class" not in text


def test_what_was_noticed_about_the_data_stands_beside_the_number(browser, alice, pair):
    mine = pair[0]
    warning = {"code": "data_leakage", "severity": "warning", "message": "12 of 100 examples stand in train too.", "consequence": "It may know them by heart."}  # fmt: skip
    report = {"results": [{"predictions": "predictions/0.parquet", "warnings": [warning, {"odd": 1}]}, {"predictions": "predictions/1.parquet"}]}  # fmt: skip
    mine.job = make_job(alice)
    mine.save()
    for path, blob in (
        ("predictions/0.parquet", mine.predictions),
        ("report.json", make_blob(alice, json.dumps(report))),
    ):
        JobOutput.objects.create(job=mine.job, role="file", position=len(path), blob=blob, path=path)
    assert "12 of 100 examples stand in train too." in browser().get(page_of(mine)).content.decode()


def test_numbers_of_another_definition_are_not_put_beside_it(browser, pair):
    mine, theirs = pair
    theirs.definition_digest = "a" * 64
    theirs.save()
    text = browser().get(against(mine, theirs)).content.decode()
    assert "These two cannot be put side by side" in text
    assert "fixed" not in text


def test_without_answers_the_page_says_so(browser, alice):
    row = make_evaluation(alice, *make_model(alice, "bare"), [1, 0], keeps_answers=False)
    assert "were not kept" in browser().get(page_of(row)).content.decode()


def test_what_was_measured_on_private_data_is_nobody_elses(browser, alice, bob, data, pair):
    data.visibility = "private"
    data.save()
    assert browser(alice).get(page_of(pair[0])).status_code == 200
    assert browser(bob).get(page_of(pair[0])).status_code == 404
    assert browser(bob).get(against(*pair)).status_code == 404


def test_a_measurement_of_another_entry_is_not_there(browser, pair):
    assert browser().get(f"/alice/one/evaluations/{pair[0].pk}").status_code == 404


def test_the_tab_links_each_measurement_and_says_gain_or_loss(browser, pair):
    text = browser().get("/alice/child/evaluations").content.decode()
    assert page_of(pair[0]) in text
    assert "within chance" in text


def test_the_tab_leads_from_each_parent_to_the_examples(browser, pair):
    text = browser().get("/alice/child/evaluations").content.decode()
    assert "/alice/child/evaluations/against?parent=alice%2Fone&amp;data=alice%2Fdigits" in text
    answer = browser().get("/alice/child/evaluations/against?parent=alice/one&data=alice/digits")
    assert (answer.status_code, answer["Location"]) == (302, against(*pair))


def test_what_it_kept_of_parent_is_shown_with_its_sign(browser, pair):
    text = browser().get("/alice/child/evaluations").content.decode()
    assert "What it kept" in text
    # 80 of 85 right
    assert "94.1" in text
    assert "+10" in text
    assert "−15" in text


def test_a_parent_never_measured_alike_leads_nowhere(browser, alice, pair):
    make_model(alice, "other")
    assert browser().get("/alice/child/evaluations/against?parent=alice/other&data=alice/digits").status_code == 404


def bits(user, entry, per_byte, data):
    """A language model's answers: ten texts of 100 bytes, each at about so many bits a byte."""
    row = make_evaluation(user, *entry, [1] * 10, data_repo=data)
    spread = [per_byte * (0.9 + 0.02 * number) for number in range(10)]
    columns = {
        "example_id": pa.array(range(10), pa.int64()), "example_sha": [sha_of(DATA, number) for number in range(10)],
        "logprob": [-1.0] * 10, "bits": [100 * value for value in spread], "tokens": pa.array([20] * 10, pa.int32()), "bytes": pa.array([100] * 10, pa.int32()),
    }  # fmt: skip
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer)
    mean = sum(spread) / 10
    row.predictions = blob_put(chunks=[buffer.getvalue()], user=user)
    row.task, row.metric = "causal-lm", "bits_per_byte"
    row.metrics = {"bits_per_byte": {"value": mean, "low": mean - 0.1, "high": mean + 0.1, "n": 10}}
    row.save()
    return row


def test_a_metric_that_is_no_share_is_compared_in_its_own_unit(browser, alice, data):
    one = make_model(alice, "speaker")
    child = make_model(alice, "speaks-better", parents=[parent(*one)])
    mine, theirs = bits(alice, child, 1.5, data), bits(alice, one, 2.0, data)
    text = browser().get("/alice/speaks-better/evaluations").content.decode()
    assert "It is better than its parent" in text
    assert "lower is better" in text
    assert "+0.495 bits" in text
    assert "Not measured beside its parents" not in browser().get("/alice/speaks-better/result").content.decode()
    text = browser().get(against(mine, theirs)).content.decode()
    assert "Above zero is better: it is by how much the number is lower." in text
    assert "A gain, more than chance over these examples" in text

"""The box in which an entry is tried: what goes in by its task, what comes back, who may ask."""

import base64
import io
import json
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from hub.catalog.gates import gate_set
from hub.jobs.models import Job
from hub.jobs.services import job_publish
from tests.builders import mlp_state, model_folder
from tests.factories.jobs import claim, key_of, make_job, make_repo
from workers.contracts.jobs import JobResult

pytestmark = pytest.mark.django_db
README = "---\nlicense: apache-2.0\n---\n"
CONFIGS = {
    "reader": {"model_type": "bert", "architectures": ["BertForSequenceClassification"], "id2label": {"0": "bad", "1": "good"}},
    "viewer": {"model_type": "vit", "architectures": ["ViTForImageClassification"], "id2label": {"0": "a", "1": "b"}},
    "coder": {"model_type": "own", "architectures": ["Own"], "auto_map": {"AutoModel": "own.Own"}},
}  # fmt: skip
HTMX = {"headers": {"HX-Request": "true"}}


@pytest.fixture
def zoo(alice, tmp_path):
    def make(name, visibility="public"):
        folder = model_folder(tmp_path / name, mlp_state(), config=CONFIGS[name], readme=README)
        return make_repo(alice, name, visibility=visibility, folder=folder)

    return {name: make(name) for name in CONFIGS}


def png(side=8):
    buffer = io.BytesIO()
    Image.new("L", (side, side), 128).save(buffer, "PNG")
    return buffer.getvalue()


def answered(**answer):
    claimed = claim()
    return job_publish(**key_of(claimed), result=JobResult(metrics={"answer": answer}), folder=Path())


def given():
    return Job.objects.get(kind="try").request["recipe"]["input"]


def test_the_model_page_has_a_field_for_its_input(browser, alice, zoo):
    assert (
        '<textarea class="input try-text" id="try-text" name="text"'
        in browser(alice).get("/alice/reader").content.decode()
    )
    assert 'type="file" id="try-image" name="image"' in browser(alice).get("/alice/viewer").content.decode()


def test_an_entry_that_needs_code_says_so_instead(browser, alice, zoo):
    text = browser(alice).get("/alice/coder").content.decode()
    assert "code of entries is never run here" in text
    assert "<textarea" not in text


def test_who_is_not_signed_in_is_asked_to(browser, zoo):
    assert "to put in one input and see the answer" in browser().get("/alice/reader").content.decode()
    answer = browser().post("/alice/reader/try", {"text": "hello"})
    assert answer.status_code == 302
    assert "/login" in answer["Location"]
    assert Job.objects.count() == 0


def test_text_goes_in_and_class_names_come_back(browser, alice, zoo):
    client = browser(alice)
    sent = client.post("/alice/reader/try", {"text": "a fine film"})
    assert sent.status_code == 302
    assert given() == {"text": "a fine film"}
    assert 'http-equiv="refresh"' in client.get(sent["Location"]).content.decode()
    answered(form="classes", classes=[{"name": "good", "confidence": 0.93}, {"name": "bad", "confidence": 0.07}], remarks=["Cut to 512 tokens."])  # fmt: skip
    page = client.get(sent["Location"]).content.decode()
    assert "<b>good</b>" in page
    assert "93.0\u00a0%" in page
    assert "Cut to 512 tokens." in page


def test_the_page_of_its_job_shows_the_answer_too(browser, alice, zoo):
    client = browser(alice)
    client.post("/alice/reader/try", {"text": "a fine film"})
    job = Job.objects.get(kind="try")
    text = client.get(f"/jobs/{job.number}").content.decode()
    assert "<dd>a fine film</dd>" in text
    assert "The answer stands here once" in text
    answered(task="text-classification", form="classes", classes=[{"name": "good", "confidence": 0.91}], seconds=0.2)
    text = client.get(f"/jobs/{job.number}").content.decode()
    assert "<b>good</b>" in text
    assert "91.0\u00a0%" in text
    assert "<dd>(11 characters)</dd>" in text
    assert "a fine film" not in text
    assert "/api/v1/models/alice/reader/try" in text


def test_with_scripts_the_answer_is_looked_for_until_it_is_there(browser, alice, zoo):
    client = browser(alice)
    waiting = client.post("/alice/reader/try", {"text": "a fine film"}, **HTMX).content.decode()
    number = Job.objects.get().number
    assert f'hx-get="/alice/reader/try/{number}"' in waiting
    assert "<html" not in waiting
    answered(form="number", number=3.25)
    found = client.get(f"/alice/reader/try/{number}").content.decode()
    assert "3.25" in found
    assert "hx-get" not in found


def test_a_try_that_waits_says_its_place_and_is_still_there_when_the_page_is_loaded_afresh(browser, alice, bob, zoo):
    client = browser(alice)
    make_job(bob)
    waiting = client.post("/alice/reader/try", {"text": "a fine film"}, **HTMX).content.decode()
    # before jobs that came earlier
    assert "It is 1st in the queue and waits for" in waiting
    number = Job.objects.get(kind="try").number
    looks = f'hx-get="/alice/reader/try/{number}"'
    for place in ("/alice/reader", "/alice/reader/try"):
        assert looks in client.get(place).content.decode()
        assert looks not in browser(bob).get(place).content.decode()
    assert looks not in client.get("/alice/viewer").content.decode()
    answered(form="number", number=3.25)
    page = client.get("/alice/reader").content.decode()
    assert "3.25" in page
    assert looks not in page
    assert "3.25" not in client.get("/alice/reader").content.decode()


def test_a_picture_from_the_disk_goes_in_as_base64(browser, alice, zoo):
    browser(alice).post("/alice/viewer/try", {"image": SimpleUploadedFile("a.png", png(), "image/png")})
    assert base64.b64decode(given()["image"]) == png()


def test_a_picture_that_was_picked_goes_in_as_it_is(browser, alice, zoo):
    source = f"data:image/png;base64,{base64.b64encode(png()).decode()}"
    browser(alice).post("/alice/viewer/try", {"image-picked": source})
    assert given() == {"image": source}


def test_what_is_no_picture_is_refused_with_the_reason(browser, alice, zoo):
    for options, status in (({}, 422), (HTMX, 422)):
        answer = browser(alice).post(
            "/alice/viewer/try", {"image": SimpleUploadedFile("a.png", b"no", "image/png")}, **options
        )
        assert answer.status_code == status
        assert "not a PNG or JPEG" in answer.content.decode()
    assert Job.objects.count() == 0


def test_a_picture_too_large_is_refused_in_words(browser, alice, zoo):
    answer = browser(alice).post(
        "/alice/viewer/try", {"image": SimpleUploadedFile("a.png", png() + bytes(5_500_000), "image/png")}
    )
    assert answer.status_code == 422
    assert "Make it smaller" in answer.content.decode()


def test_an_empty_box_says_what_is_missing(browser, alice, zoo):
    assert "Write something to try." in browser(alice).post("/alice/reader/try", {"text": " "}).content.decode()
    assert browser(alice).post("/alice/viewer/try", {}).status_code == 422


def test_another_persons_try_is_not_there(browser, alice, bob, zoo):
    browser(alice).post("/alice/reader/try", {"text": "a secret"})
    number = Job.objects.get().number
    assert browser(bob).get(f"/alice/reader/try/{number}").status_code == 404
    assert browser(alice).get(f"/alice/viewer/try/{number}").status_code == 404
    assert browser(bob).get(f"/alice/reader/try?job={number}").status_code == 404


def test_behind_a_gate_nothing_is_tried(browser, alice, bob, zoo):
    gate_set(user=alice, repo=zoo["reader"], gated="manual")
    assert browser(bob).get("/alice/reader/try").status_code == 403
    assert browser(bob).post("/alice/reader/try", {"text": "hello"}).status_code == 403
    assert Job.objects.count() == 0


def test_the_same_by_code_names_the_address_and_the_input(browser, alice, zoo):
    text = browser(alice).get("/alice/reader/try").content.decode()
    assert "/api/v1/models/alice/reader/try" in text
    assert json.dumps({"input": {"text": "…"}}, ensure_ascii=False).replace('"', "&quot;") in text


def test_a_try_that_failed_says_why(browser, alice, zoo):
    from hub.jobs.services import job_fail

    client = browser(alice)
    sent = client.post("/alice/reader/try", {"text": "hello"})
    job_fail(**key_of(claim()), code="user_error", message="reader answers with NaN.")
    assert "reader answers with NaN." in client.get(sent["Location"]).content.decode()

"""One input through tiny models of every head: what a person reads is what the model says."""

import base64
import io

import numpy as np
import pytest
import torch
from PIL import Image

from workers.contracts.errors import UserError
from workers.contracts.tasks import TASKS, task_get
from workers.engine.predict.predictor import Predictor
from workers.engine.tryout.answers import _ANSWERS, NEW_TOKENS, answer_of
from workers.engine.tryout.pictures import picture_decode


class Fake(Predictor):
    """Answers as it is told."""

    def __init__(self, **answers):
        super().__init__(name="alice/fake", labels=("cat", "dog", "owl"))
        self.answers, self.seen = answers, None

    def classify(self, batch):
        self.seen = batch
        return np.array([self.answers["scores"]])

    def regress(self, batch):
        self.seen = batch
        return np.array([self.answers["number"]])

    def embed(self, texts):
        return np.array(self.answers["vectors"], dtype=np.float32)

    def generate(self, prompts, max_new_tokens, stop=()):
        assert (prompts, max_new_tokens) == (["once"], NEW_TOKENS)
        return [" upon a time"]

    def token_logprobs(self, texts, max_length=None):
        return [(np.array([self.answers["logprobs"][text]]), 1) for text in texts]


def test_every_task_of_the_table_has_an_answer():
    assert set(_ANSWERS) == {task.name for task in TASKS}


def test_classes_come_likeliest_first_with_their_softmax():
    answer = answer_of(Fake(scores=[1.0, 3.0, 2.0]), task_get("text-classification"), {"text": "hi"})
    shares = np.exp([3.0, 2.0, 1.0]) / np.exp([1.0, 3.0, 2.0]).sum()
    assert [row["name"] for row in answer["classes"]] == ["dog", "owl", "cat"]
    assert [row["confidence"] for row in answer["classes"]] == pytest.approx(shares.tolist(), abs=1e-12)


def test_a_row_of_features_is_a_batch_of_one():
    fake = Fake(number=4.5)
    assert answer_of(fake, task_get("tabular-regression"), {"features": [1, 2.5]})["number"] == 4.5
    assert fake.seen["features"].tolist() == [[1.0, 2.5]]


def test_a_continuation_is_the_text_alone():
    assert answer_of(Fake(), task_get("causal-lm"), {"text": "once"})["text"] == " upon a time"
    assert answer_of(Fake(), task_get("generation"), {"question": "once"})["text"] == " upon a time"


def test_similarity_is_the_cosine():
    fake = Fake(vectors=[[3.0, 4.0], [4.0, 3.0]])
    answer = answer_of(fake, task_get("sentence-similarity"), {"text": "a", "text_pair": "b"})
    assert answer["similarity"] == pytest.approx(24 / 25)


def test_choices_are_weighed_by_what_they_add_to_the_question():
    fake = Fake(logprobs={"2 + 2 =": -5.0, "2 + 2 = 4": -5.5, "2 + 2 = 5": -9.0})
    answer = answer_of(fake, task_get("multiple-choice"), {"question": "2 + 2 =", "choices": ["5", "4"]})
    assert [row["name"] for row in answer["classes"]] == ["4", "5"]
    assert answer["classes"][0]["confidence"] == pytest.approx(1 / (1 + np.exp(-3.5)))


def test_nan_is_refused_and_not_shown():
    with pytest.raises(UserError, match="NaN or infinity") as caught:
        answer_of(Fake(scores=[1.0, np.nan, 0.0]), task_get("text-classification"), {"text": "hi"})
    assert caught.value.findings[0].code == "nan_predictions"


def encoded(image, form="PNG", **options):
    data = io.BytesIO()
    image.save(data, form, **options)
    return data.getvalue()


def test_picture_keeps_its_pixels_where_the_size_fits():
    values = np.arange(64, dtype=np.uint8).reshape(8, 8) * 3
    pixels, note = picture_decode(encoded(Image.fromarray(values)), (1, 8, 8))
    assert (pixels.dtype, pixels.shape, note) == (np.float32, (1, 8, 8), "")
    assert np.array_equal(pixels[0], values.astype(np.float32) / np.float32(255))


def test_picture_of_another_size_is_averaged_and_that_is_said():
    values = np.zeros((16, 16), dtype=np.uint8)
    values[:2, :2] = [[40, 60], [80, 100]]
    pixels, note = picture_decode(encoded(Image.fromarray(values)), (1, 8, 8))
    assert pixels[0, 0, 0] == pytest.approx(70 / 255)
    assert "16 × 16 to 8 × 8" in note


def test_picture_without_colour_becomes_three_equal_channels():
    pixels, _ = picture_decode(encoded(Image.new("L", (4, 4), 51)), (3, None, None))
    assert pixels.shape == (3, 4, 4)
    assert np.allclose(pixels, 0.2)


def test_transparent_picture_lies_on_white():
    pixels, _ = picture_decode(encoded(Image.new("RGBA", (4, 4), (255, 0, 0, 0))), (3, 4, 4))
    assert np.allclose(pixels, 1.0)


def test_sixteen_bits_a_pixel_are_scaled_and_not_cut_off():
    values = np.full((4, 4), 32768, dtype=np.uint16)
    pixels, _ = picture_decode(encoded(Image.fromarray(values)), (1, 4, 4))
    assert pixels[0, 0, 0] == pytest.approx(0.5, abs=0.003)


def test_turned_photograph_stands_upright():
    image = Image.new("RGB", (4, 2), "black")
    image.putpixel((0, 0), (255, 255, 255))
    exif = Image.Exif()
    exif[0x0112] = 6
    pixels, _ = picture_decode(encoded(image, exif=exif), (3, None, None))
    assert pixels.shape == (3, 4, 2)
    assert pixels[0, 0, 1] == 1.0


@pytest.mark.parametrize(
    "data", [b"", b"GIF89a", encoded(Image.new("L", (50, 50)))[:60], encoded(Image.new("RGB", (9, 9)), "JPEG")[:-90]]
)  # fmt: skip
def test_damaged_picture_is_refused(data):
    with pytest.raises(UserError) as caught:
        picture_decode(data, (1, 8, 8))
    assert caught.value.findings[0].code == "picture_unreadable"


def test_header_that_claims_more_pixels_than_are_tried_is_not_decoded():
    data = bytearray(encoded(Image.new("L", (4, 4))))
    data[16:24] = (60_000).to_bytes(4, "big") * 2
    with pytest.raises(UserError) as caught:
        picture_decode(bytes(data), (1, 8, 8))
    assert caught.value.findings[0].code == "picture_unreadable"


def test_model_of_other_channels_is_told_so():
    with pytest.raises(UserError, match="4 channels"):
        picture_decode(encoded(Image.new("L", (4, 4))), (4, 4, 4))


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    from transformers import ViTConfig, ViTForImageClassification

    torch.manual_seed(0)
    config = ViTConfig(
        image_size=8, patch_size=4, num_channels=1, hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8,
        id2label={index: f"digit {index}" for index in range(10)},
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("vit")
    ViTForImageClassification(config).save_pretrained(folder)
    return folder


def test_a_real_model_answers_a_real_picture(digits):
    from workers.engine.predict.load import load_predictor

    image = Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8))
    with load_predictor(digits, task="image-classification", name="alice/vit") as predictor:
        answer = answer_of(
            predictor, task_get("image-classification"), {"image": base64.b64encode(encoded(image)).decode()}
        )
        pixels = torch.tensor(np.asarray(image, dtype=np.float32) / np.float32(255))[None, None]
        with torch.no_grad():
            expected = torch.softmax(predictor.module(pixel_values=pixels).logits.double(), -1)[0]
    assert len(answer["classes"]) == 10
    found = {row["name"]: row["confidence"] for row in answer["classes"]}
    assert [found[f"digit {index}"] for index in range(10)] == pytest.approx(expected.tolist(), abs=1e-12)

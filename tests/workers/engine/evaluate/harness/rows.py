"""Questions with choices and with answers, as jsonl and as examples."""

import json
from pathlib import Path

from workers.engine.data.examples import Examples, examples_of
from workers.engine.data.splits import open_split

CHOICES = [
    {"question": "The sky is", "choices": ["blue", "green and loud", "seven"], "label": 0},
    {"question": "Two and two make", "choices": ["five", "four"], "label": 1},
    {"question": "Ünïcode wörks: yes or no?", "choices": ["yes", "nö"], "label": 0},
    {"question": "Fish live in", "choices": ["trees", "water", "clouds", "the moon"], "label": 1},
    {"question": "Snow is", "choices": ["white", "hot"], "label": 0},
    {"question": "{{ 7 * 7 }} and {% raw %}", "choices": ["{{ cycler }}", "__import__('os')"], "label": 1},
]
ANSWERS = [
    {"question": "Capital of France?", "answer": "Paris"},
    {"question": "Colour of snow?", "answer": "white"},
    {"question": "One plus one?", "answer": "2"},
]


def write(folder: Path, rows: list[dict], split: str = "test") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return folder


def examples(folder: Path, task: str, rows: list[dict]) -> Examples:
    split = open_split(write(folder, rows), "test", reference="alice/quiz", scratch=folder / "scratch")
    return examples_of(split, task, name="alice/quiz")

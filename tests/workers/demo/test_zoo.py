"""The zoo as data, its cache, and the digits it is made of."""

import json

import numpy as np
import pytest
import yaml

from workers.contracts.parsing import parse
from workers.contracts.recipes import TrainRecipe
from workers.demo import cards, zoo
from workers.demo.cache import key_of, made_get, made_put
from workers.demo.datasets import write_dataset
from workers.demo.tasks import tasks_of
from workers.engine.data.digits import DOMAINS, SPLITS, domain_images, domain_split, split_indices

SCORES = {domain: {"value": 0.5, "low": 0.4, "high": 0.6, "n": 360} for domain in zoo.DOMAINS}


def front(card):
    return yaml.safe_load(card.split("---\n")[1])


@pytest.mark.parametrize("entry", zoo.ENTRIES, ids=lambda entry: entry.key)
def test_every_recipe_is_one_that_people_could_send(entry):
    parsed = parse(entry.recipe)
    assert parsed.findings == ()
    assert isinstance(parsed.recipe, TrainRecipe)


@pytest.mark.parametrize("settings", zoo.CANDIDATES, ids=str)
def test_every_candidate_is_a_merge_that_people_could_send(settings):
    parsed = parse(zoo.merge_recipe(settings, 1, {"repo": "demo/merged"}))
    assert parsed.findings == ()


def test_the_choice_is_one_of_the_candidates():
    assert zoo.CHOSEN in zoo.CANDIDATES


def test_domains_are_the_engines_domains():
    assert zoo.DOMAINS == DOMAINS


def test_splits_share_no_example_and_leave_none_out():
    parts = [split_indices(split) for split in SPLITS]
    assert sorted(np.concatenate(parts).tolist()) == list(range(1797))


def test_every_split_holds_every_digit_in_proportion():
    _, labels, _ = domain_split("clean", "test")
    counts = np.bincount(labels, minlength=10)
    assert counts.min() >= 34
    assert counts.max() <= 38


def test_an_example_stands_in_the_same_place_in_every_domain():
    index = [domain_split(domain, "validation")[2].tolist() for domain in DOMAINS]
    assert all(other == index[0] for other in index)


def test_domains_are_what_their_names_say():
    clean, shifted = domain_images("clean"), domain_images("shifted")
    assert np.array_equal(shifted[:, :, 1:], clean[:, :, :-1])
    assert not shifted[:, :, 0].any()
    assert 0.1 < np.abs(domain_images("noisy") - clean).mean() < 0.3
    turned_back = domain_images("rotated")
    assert turned_back.shape == clean.shape
    assert np.abs(turned_back - clean).mean() > 0.1
    for domain in DOMAINS:
        assert domain_images(domain).min() >= 0
        assert domain_images(domain).max() <= 1


def test_key_follows_recipe_and_parent():
    base, tuned = zoo.entry_get("digits-vit-base@0"), zoo.entry_get("digits-vit-rotated@0")
    assert key_of(base) != key_of(zoo.entry_get("digits-vit-base@1"))
    assert key_of(tuned) == key_of(zoo.entry_get("digits-vit-rotated@0"))
    assert len({key_of(entry) for entry in zoo.ENTRIES}) == len(zoo.ENTRIES)


def test_folder_counts_as_made_only_with_its_note(tmp_path):
    assert made_get(tmp_path) is None
    made_put(tmp_path, {"a": 1})
    assert made_get(tmp_path) == {"a": 1}


def test_tasks_wait_for_what_they_need(tmp_path):
    todo, done = tasks_of(tmp_path, 3)
    assert done == []
    keys = {task.key for task in todo}
    assert all(task.needs <= keys for task in todo)
    sweep = next(task for task in todo if task.key == "sweep@1")
    assert sweep.needs == {"digits-vit-base@1", "digits-vit-rotated@1", "digits-vit-shifted@1", "digits-vit-noisy@1"}


def test_what_is_made_is_not_made_again(tmp_path):
    entry = zoo.entry_get("digits-vit-small@0")
    (tmp_path / key_of(entry)).mkdir()
    made_put(tmp_path / key_of(entry), {})
    _, done = tasks_of(tmp_path, 1)
    assert [task.key for task in done] == ["digits-vit-small@0"]


def test_dataset_folder_says_its_splits(tmp_path):
    from workers.planning.folder import facts_of_folder

    folder = write_dataset(tmp_path, "noisy")
    facts = facts_of_folder(folder)
    assert facts.splits == {"train": 1078, "validation": 360, "test": 359}
    assert facts.licence == "CC-BY-4.0"


@pytest.mark.parametrize("entry", zoo.ENTRIES, ids=lambda entry: entry.key)
def test_card_says_what_it_is_and_what_was_measured(entry):
    card = cards.model_card(entry, SCORES, 1234)
    head = front(card)
    assert head["license"] in ("apache-2.0", "cc-by-4.0")
    assert head["library_name"] == ("peft" if "lora" in entry.recipe else "transformers")
    assert head["pipeline_tag"] == "image-classification"
    assert head["datasets"] == [item["data"] for item in entry.recipe["data"]]
    assert head.get("base_model") == (f"demo/{entry.parent}" if entry.parent else None)
    assert "50.0%" in card
    assert "validation split" in card


def test_section_of_the_merge_shows_every_candidate_best_first():
    sweep = [
        {"settings": settings, "seeds": [number / 100], "mean": number / 100}
        for number, settings in enumerate(zoo.CANDIDATES)
    ]
    section = cards.merged_section(sweep)
    rows = [line for line in section.splitlines() if line.startswith(("| ties", "| linear", "| task", "| dare"))]
    assert len(rows) == len(zoo.CANDIDATES)
    assert rows[0].startswith("| dare_ties")
    assert [row for row in rows if "chosen" in row] == [
        row for row in rows if row.startswith("| ties, weight 1, density 0.5, lambda 1 ")
    ]
    assert json.dumps(sweep)

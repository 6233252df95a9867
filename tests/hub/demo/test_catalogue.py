"""The zoo in the catalogue: parents by commit, a branch per seed, and no second commit for what is there."""

import pytest

from hub.accounts.models import Namespace
from hub.catalog.models import Commit, Repo
from hub.catalog.selectors import commit_resolve, entries_of, facts_of, repo_get
from hub.demo import catalogue, publishing
from workers.contracts.manifests import Manifest, Parent


@pytest.fixture
def published(admin, zoo, zoo_cache):
    catalogue.zoo_publish(user=admin, cache=zoo_cache, zoo=zoo)


def test_publishes_public_repos_of_an_organisation(published, admin):
    assert Namespace.objects.get(name="demo").kind == "organisation"
    found = {(repo.type, repo.full_name) for repo in Repo.objects.visible_to(None)}
    assert found == {
        ("dataset", "demo/digits-clean"), ("dataset", "demo/digits-noisy"),
        ("model", "demo/digits-vit-base"), ("model", "demo/digits-vit-noisy"), ("model", "demo/digits-vit-rotated"),
    }  # fmt: skip


def test_every_seed_has_its_branch(published, admin):
    repo = repo_get(user=None, full_name="demo/digits-vit-noisy")
    heads = {name: commit_resolve(repo, name).oid for name in ("main", "seed-0", "seed-1")}
    assert heads["main"] == heads["seed-0"] != heads["seed-1"]
    assert facts_of(commit_resolve(repo, "seed-1")).architecture == "ViTForImageClassification"


def test_records_parents_of_the_same_seed_by_commit(published, admin):
    repo = repo_get(user=None, full_name="demo/digits-vit-noisy")
    base = commit_resolve(repo_get(user=None, full_name="demo/digits-vit-base"), "seed-1")
    commit = commit_resolve(repo, "seed-1")
    edges = list(commit.parent_edges.order_by("position"))
    assert [(edge.parent_name, edge.relation, edge.state) for edge in edges] == [
        ("demo/digits-vit-base", "finetune_of", "recorded"), ("demo/digits-clean", "trained_on", "recorded"),
    ]  # fmt: skip
    assert edges[0].parent_commit == base.oid
    assert Manifest.model_validate(commit.manifest).parents[0].commit == base.oid


def test_adapter_names_the_commit_of_its_base(admin, tmp_path):
    (tmp_path / "adapter_config.json").write_text('{"base_model_name_or_path": "demo/base", "revision": null, "r": 8}')
    repo = publishing.repo_ensure(user=admin, full_name="root/adapter")
    lineage = [Parent(repo="demo/base", commit="c" * 40, relation="adapter_of")]
    commit = publishing.folder_publish(
        user=admin, repo=repo, branch="main", folder=tmp_path, title="Add", lineage=lineage
    )
    assert facts_of(commit).adapter == {"base_model_name_or_path": "demo/base", "revision": "c" * 40, "r": 8}


def test_weights_are_large_files_and_words_are_not(published):
    entries = {
        entry.path: entry.is_lfs
        for entry in entries_of(commit_resolve(Repo.objects.get(name="digits-vit-base"), "main"))
    }
    assert entries["model.safetensors"]
    assert not entries["config.json"]
    assert not entries["README.md"]


def test_publishing_again_changes_nothing(published, admin, zoo, zoo_cache):
    before = set(Commit.objects.values_list("oid", flat=True))
    catalogue.zoo_publish(user=admin, cache=zoo_cache, zoo=zoo)
    assert set(Commit.objects.values_list("oid", flat=True)) == before


@pytest.mark.parametrize("at", [1, 3, 5, 8])
def test_goes_on_where_it_was_cut(admin, zoo, zoo_cache, monkeypatch, at):
    """Cut at the commit number `at`; what a second run makes is what one run would have made."""
    whole, calls = publishing.commit_create, []

    def cut(**options):
        calls.append(options)
        if len(calls) == at:
            raise KeyboardInterrupt
        return whole(**options)

    monkeypatch.setattr(publishing, "commit_create", cut)
    with pytest.raises(KeyboardInterrupt):
        catalogue.zoo_publish(user=admin, cache=zoo_cache, zoo=zoo)
    monkeypatch.undo()
    catalogue.zoo_publish(user=admin, cache=zoo_cache, zoo=zoo)
    assert Repo.objects.count() == 5
    for repo in Repo.objects.filter(type="model"):
        assert commit_resolve(repo, "seed-0").oid == commit_resolve(repo, "main").oid
        assert entries_of(commit_resolve(repo, "seed-1"))
    # one commit that begins the repo, and one per seed or dataset
    assert Commit.objects.filter(repo__type="model").count() == 3 * 3
    assert Commit.objects.filter(repo__type="dataset").count() == 2 * 2

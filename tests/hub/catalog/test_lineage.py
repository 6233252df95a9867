"""What descends from what, and who may see it."""

import json

from hub.catalog.models import LineageEdge
from hub.catalog.selectors import commit_resolve, lineage_of
from hub.catalog.services import repo_delete
from tests.factories.catalog import card, make_commit, make_model, make_repo, weights
from workers.contracts.manifests import Parent


def graph(repo, user=None, **rest):
    return lineage_of(repo, commit_resolve(repo, "main"), user=user, **rest)


def shown(repo, user=None, **rest) -> dict[str, tuple[str, int]]:
    return {node.name: (node.state, node.level) for node in graph(repo, user, **rest).nodes}


def merged(user, parents, name="merged", **rest):
    repo = make_repo(user, name, **rest)
    lineage = [Parent(repo=parent.full_name, commit=parent.head, relation="merge_of", weight=0.5) for parent in parents]
    make_commit(repo, user, {"model.safetensors": weights(fill=9)}, lineage=lineage)
    return repo


def test_a_job_records_parents_with_commit_and_weight(alice):
    one, two = make_model(alice, "one"), make_model(alice, "two", fill=1)
    child = merged(alice, [one, two])
    edges = list(commit_resolve(child, "main").parent_edges.order_by("position"))
    assert [(edge.parent_repo, edge.parent_commit, edge.state, edge.weight) for edge in edges] == [
        (one, one.head, "recorded", 0.5), (two, two.head, "recorded", 0.5),
    ]  # fmt: skip


def test_a_card_claims_by_name(alice):
    base = make_model(alice, "base")
    child = make_model(alice, "child", fill=1, readme=card(base_model=["Alice/Base", "elsewhere/unknown"]))
    assert shown(child) == {
        "alice/child": ("visible", 0),
        "alice/base": ("visible", -1),
        "elsewhere/unknown": ("unresolved", -1),
    }
    assert {edge.state for edge in graph(child).edges} == {"claimed"}
    assert commit_resolve(child, "main").parent_edges.get(parent_repo=base).parent_commit == ""


def test_an_adapter_is_one_of_its_base(alice):
    config = json.dumps({"peft_type": "LORA", "base_model_name_or_path": "alice/base"})
    make_model(alice, "base")
    child = make_repo(alice, "adapter", files={"adapter_config.json": config, "adapter_model.safetensors": weights()})
    assert [edge.relation for edge in graph(child).edges] == ["adapter_of"]
    assert child.artifact == "adapter"


def test_what_was_recorded_is_not_claimed_again_and_outlives_an_edit_of_the_card(alice):
    one = make_model(alice, "one")
    child = merged(alice, [one])
    make_commit(child, alice, {"README.md": card(base_model="alice/one")})
    assert [edge.state for edge in graph(child).edges] == ["recorded"]
    make_commit(child, alice, {"model.safetensors": weights(fill=77)})
    assert [edge.state for edge in graph(child).edges] == ["claimed"]


def test_goes_two_generations_both_ways(alice):
    repos = [make_model(alice, "g0")]
    for number in range(1, 6):
        repos.append(merged(alice, [repos[-1]], f"g{number}"))
    levels = {name.removeprefix("alice/"): level for name, (_, level) in shown(repos[3]).items()}
    assert levels == {"g1": -2, "g2": -1, "g3": 0, "g4": 1, "g5": 2}


def test_a_private_parent_is_there_without_a_name(alice, charlie):
    secret = make_model(alice, "secret", visibility="private")
    beyond = merged(alice, [secret], "middle", visibility="private")
    child = merged(alice, [beyond], "child")
    hidden = [node for node in graph(child, charlie).nodes if node.state == "hidden"]
    assert [(node.name, node.commit, node.artifact) for node in hidden] == [("", "", "")]
    assert "alice/secret" in shown(child, alice)
    assert "secret" not in repr(graph(child, charlie))


def test_a_private_child_is_not_named(alice, charlie):
    base = make_model(alice, "base")
    merged(alice, [base], "secret", visibility="private")
    assert "secret" not in repr(graph(base, charlie))
    assert "alice/secret" in shown(base, alice)


def test_a_claim_does_not_find_out_private_names(alice, charlie):
    """Whether `alice/secret` exists must look the same to Charlie."""
    make_model(alice, "secret", visibility="private")
    child = make_model(charlie, "child", readme=card(base_model=["alice/secret", "alice/nothing"]))
    assert shown(child, charlie)["alice/secret"] == shown(child, charlie)["alice/nothing"] == ("unresolved", -1)


def test_a_deleted_parent_keeps_its_name_only_if_it_was_public(alice, charlie):
    public, private = make_model(alice, "open"), make_model(alice, "closed", fill=1, visibility="private")
    child = merged(alice, [public, private])
    repo_delete(user=alice, repo=public)
    repo_delete(user=alice, repo=private)
    assert LineageEdge.objects.filter(child=commit_resolve(child, "main")).count() == 2
    states = sorted((node.state, node.name) for node in graph(child, charlie).nodes)
    assert states == [("hidden", ""), ("unresolved", "alice/open"), ("visible", "alice/merged")]


def test_a_circle_of_claims_ends(alice):
    one = make_model(alice, "one", readme=card(base_model="alice/two"))
    two = make_model(alice, "two", fill=1, readme=card(base_model="alice/one"))
    make_commit(one, alice, {"x": "1"})
    assert set(shown(two, up=5, down=5)) == {"alice/one", "alice/two"}


def test_is_cut_at_many_nodes(alice, monkeypatch):
    monkeypatch.setattr("hub.catalog.graph.MAX_NODES", 3)
    parents = [make_model(alice, f"p{number}", fill=number) for number in range(4)]
    found = graph(merged(alice, parents))
    assert len(found.nodes) == 3
    assert found.is_cut


def test_takes_few_queries(alice, django_assert_max_num_queries):
    base = make_model(alice, "base")
    for number in range(5):
        merged(alice, [base], f"child-{number}")
    commit = commit_resolve(base, "main")
    with django_assert_max_num_queries(8):
        lineage_of(base, commit, user=alice)

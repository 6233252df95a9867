"""Comparisons are kept for pages, and nobody is shown what was worked out for somebody else."""

import pytest
from django.core.cache import cache

from hub.catalog.services import repo_create
from hub.evals.selectors import comparison_of
from hub.pages.comparing import comparison_for
from tests.factories.evals import make_evaluation, make_model, parent

RIGHT_60, RIGHT_80 = [1] * 60 + [0] * 40, [1] * 80 + [0] * 20


@pytest.fixture
def family(alice):
    """A public child and its public parent, measured on public data and on a private dataset of Alice's with other scores."""
    one = make_model(alice, "one")
    child = make_model(alice, "child", parents=[parent(*one)])
    secret = repo_create(user=alice, type="dataset", namespace="alice", name="secret", visibility="private")
    for entry, on_public, on_secret in ((one, RIGHT_60, RIGHT_80), (child, RIGHT_80, RIGHT_60)):
        make_evaluation(alice, *entry, on_public)
        make_evaluation(alice, *entry, on_secret, data_repo=secret)
    return child


@pytest.fixture
def measured_in_secret(alice):
    """A public child and parent, measured on nothing but Alice's private dataset."""
    one = make_model(alice, "hushed-one")
    child = make_model(alice, "hushed", parents=[parent(*one)])
    secret = repo_create(user=alice, type="dataset", namespace="alice", name="secret", visibility="private")
    make_evaluation(alice, *one, RIGHT_60, data_repo=secret)
    make_evaluation(alice, *child, RIGHT_80, data_repo=secret)
    return child


@pytest.mark.parametrize("order", [("alice", "bob"), ("bob", "alice")])
def test_numbers_measured_on_alices_private_data_are_never_shown_to_bob(alice, bob, family, order):
    cast = {"alice": alice, "bob": bob}
    found = {name: comparison_for(*family, user=cast[name]) for name in order}
    again = {name: comparison_for(*family, user=cast[name]) for name in order}
    for seen in (found, again):
        assert seen["alice"].domains == ("alice/secret", "demo/clean")
        assert seen["bob"].domains == ("demo/clean",)
        assert "alice/secret" not in repr(seen["bob"])
        assert seen["alice"].gain.value == pytest.approx(0.0)
        assert seen["bob"].gain.value == pytest.approx(0.2)
    assert repr(found["bob"]) == repr(comparison_of(*family, user=bob))


def test_nobody_signed_in_sees_what_bob_sees(alice, bob, family):
    comparison_for(*family, user=alice)
    assert repr(comparison_for(*family, user=None)) == repr(comparison_for(*family, user=bob))


def test_where_all_data_is_private_there_is_nothing_for_bob(alice, bob, measured_in_secret):
    assert comparison_for(*measured_in_secret, user=alice) is not None
    assert comparison_for(*measured_in_secret, user=bob) is None
    assert comparison_for(*measured_in_secret, user=None) is None


def test_what_alice_makes_private_later_is_gone_for_bob_at_once(alice, bob, family):
    secret = family[0].evaluations.filter(data_name="alice/secret").get().data_repo
    secret.visibility = "public"
    secret.save()
    assert comparison_for(*family, user=bob).domains == ("alice/secret", "demo/clean")
    secret.visibility = "private"
    secret.save()
    assert comparison_for(*family, user=bob).domains == ("demo/clean",)


def test_the_same_readers_share_one_answer(alice, bob, family, django_assert_max_num_queries):
    cache.clear()
    first = comparison_for(*family, user=bob)
    with django_assert_max_num_queries(3):
        assert repr(comparison_for(*family, user=bob)) == repr(first)


def test_the_page_of_the_child_names_no_private_data_to_bob(browser, alice, bob, family):
    """Alice looks first, so that her answer lies in the cache."""
    assert "alice/secret" in browser(alice).get("/alice/child/evaluations").content.decode()
    for part in ("", "/evaluations"):
        browser(alice).get(f"/alice/child{part}")
        assert "alice/secret" not in browser(bob).get(f"/alice/child{part}").content.decode()

"""Settings of a repo: who sees it, its name, its end; for who administers it alone."""

import pytest

from hub.catalog.models import Repo

DEEDS = {
    "visibility": {"visibility": "private"},
    "move": {"namespace": "charlie", "name": "mine"},
    "delete": {"confirm": "alice/open"},
    "storing": {"form": "delta"},
    "purge": {"confirm": "alice/open", "sha256": ["0" * 64]},
}


def test_the_owner_sees_the_settings_and_a_tab_to_them(browser, alice, zoo):
    assert 'href="/alice/open/settings"' in browser(alice).get("/alice/open").content.decode()
    page = browser(alice).get("/alice/open/settings").content.decode()
    assert "Who may see it" in page
    assert "Delete alice/open" in page


@pytest.mark.parametrize("deed", DEEDS)
def test_nobody_else_reaches_them(browser, bob, charlie, alice, zoo, lab, deed):
    path = f"/alice/open/settings/{deed}"
    for client in (browser(bob), browser(charlie)):
        assert client.get("/alice/open/settings").status_code == 403
        assert client.post(path, DEEDS[deed]).status_code == 403
    assert browser().post(path, DEEDS[deed]).status_code == 302
    assert browser(charlie).post(path.replace("open", "secret"), DEEDS[deed]).status_code == 404
    repo = Repo.objects.get(pk=zoo["open"].pk)
    assert (repo.full_name, repo.visibility) == ("alice/open", "public")


def test_visibility_is_changed(browser, alice, charlie, zoo):
    browser(alice).post("/alice/open/settings/visibility", {"visibility": "private"})
    assert browser(charlie).get("/alice/open").status_code == 404
    answer = browser(alice).post("/alice/open/settings/visibility", {"visibility": "secret"})
    assert answer.status_code == 400
    assert "is not a visibility" in answer.content.decode()


def test_a_repo_moves_and_the_old_name_leads_there(browser, alice, lab, zoo):
    answer = browser(alice).post("/alice/open/settings/move", {"namespace": "lab", "name": "digits"})
    assert answer["Location"] == "/lab/digits/settings"
    assert browser().get("/alice/open").status_code == 200
    refused = browser(alice).post("/lab/digits/settings/move", {"namespace": "alice", "name": "secret"})
    assert refused.status_code == 409
    assert "is there already" in refused.content.decode()


def test_deleting_asks_for_the_name(browser, alice, zoo):
    answer = browser(alice).post("/alice/open/settings/delete", {"confirm": "open"})
    assert answer.status_code == 400
    assert "Type alice/open" in answer.content.decode()
    assert browser(alice).post("/alice/open/settings/delete", {"confirm": "alice/open"})["Location"] == "/alice"
    assert not Repo.objects.filter(full_name="alice/open").exists()


def test_an_organisations_maintainers_administer_its_repos_and_contributors_do_not(browser, alice, bob, lab):
    from tests.factories.catalog import make_model

    make_model(alice, "shared", namespace="lab")
    assert browser(alice).get("/lab/shared/settings").status_code == 200
    assert browser(bob).get("/lab/shared/settings").status_code == 403
    assert "/lab/shared/settings" not in browser(bob).get("/lab/shared").content.decode()


def test_a_large_file_is_purged_from_all_history(browser, alice, zoo):
    from hub.catalog.purge import lfs_files_of
    from tests.factories.catalog import make_commit, weights

    repo, client = zoo["open"], browser(alice)
    old = lfs_files_of(repo)[0].sha256
    make_commit(repo, alice, {"model.safetensors": weights(fill=5)})
    page = client.get("/alice/open/settings").content.decode()
    assert old[:12] in page
    assert "only in the history" in page
    for data, words in (
        ({"confirm": "alice/open"}, "Choose at least one file."),
        ({"sha256": [old]}, "Type alice/open"),
    ):
        answer = client.post("/alice/open/settings/purge", data)
        assert answer.status_code == 400
        assert words in answer.content.decode()
    client.post("/alice/open/settings/purge", {"sha256": [old], "confirm": "alice/open"})
    assert old not in [file.sha256 for file in lfs_files_of(repo) if file.commit in reachable(repo)]


def reachable(repo) -> set[str]:
    from hub.catalog.selectors import commit_resolve, commits_of

    return {commit.oid for commit in commits_of(commit_resolve(repo, "main"))}


def test_the_owner_has_weights_kept_as_a_difference_and_whole_again(browser, alice):
    from hub.catalog.storing_work import storing_run
    from tests.factories.tuned import make_base, make_tuned

    make_base(alice)
    repo, client, path = make_tuned(alice), browser(alice), "/alice/tuned/settings"
    assert "Keep as a difference" in client.get(path).content.decode()
    assert client.post(f"{path}/storing", {"form": "delta"}).status_code == 302
    assert "A worker packs" in client.get(path).content.decode()
    storing_run(str(repo.pk))
    page = client.get(path).content.decode()
    assert "saved" in page
    assert 'the difference from <a href="/alice/base">' in page
    client.post(f"{path}/storing", {"form": "plain"})
    storing_run(str(repo.pk))
    assert "written out whole again" in client.get(path).content.decode()


def test_a_base_that_does_not_fit_is_refused_beside_its_button(browser, alice):
    from tests.factories.catalog import make_model
    from tests.factories.tuned import make_tuned

    make_model(alice, "other")
    make_tuned(alice)
    answer = browser(alice).post("/alice/tuned/settings/storing", {"form": "delta", "base": "alice/other"})
    assert answer.status_code == 422
    assert "are not in alice/other" in answer.content.decode() or "is not in alice/other" in answer.content.decode()
    assert 'value="alice/other"' in answer.content.decode()

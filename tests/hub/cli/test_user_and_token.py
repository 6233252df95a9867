import io

import pytest

from hub.accounts.models import AccessToken, User
from hub.accounts.selectors import token_authenticate
from hub.accounts.services import admin_ensure, password_generate, password_set
from hub.cli import first_password, main
from hub.cli.up import first_words

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _on_this_hub(monkeypatch):
    """The hub of this machine is the one of the tests: Django is ready already."""
    for module in ("user", "token"):
        monkeypatch.setattr(f"hub.cli.{module}.activate_or_explain", lambda data_dir: True)


def test_makes_a_user_and_prints_the_password_once(capsys):
    assert main(["user", "create", "dora", "--email", "dora@example.org"]) == 0
    password = capsys.readouterr().out.strip()
    user = User.objects.get(username="dora")
    assert user.check_password(password)
    assert not user.is_staff


def test_a_password_may_come_through_a_pipe(monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse battery staple\n"))
    assert main(["user", "create", "dora", "--admin", "--password-stdin"]) == 0
    assert capsys.readouterr().out == ""
    user = User.objects.get(username="dora")
    assert user.is_superuser
    assert user.check_password("correct horse battery staple")


@pytest.mark.parametrize("name", ["api", "a b", "alice"])
def test_a_name_that_cannot_be_is_refused_with_the_reason(name, alice, capsys):
    assert main(["user", "create", name]) == 1
    assert capsys.readouterr().err.startswith("genepool: ")
    assert User.objects.count() == 1


def test_an_empty_password_is_a_mistake_in_the_call(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("\n"))
    assert main(["user", "create", "dora", "--password-stdin"]) == 2
    assert not User.objects.exists()


def test_a_lost_password_is_replaced(alice, capsys):
    assert main(["user", "password", "alice"]) == 0
    alice.refresh_from_db()
    assert alice.check_password(capsys.readouterr().out.strip())


def test_the_first_password_is_shown_only_while_it_opens_the_account(tmp_path):
    user, password = admin_ensure()
    file = tmp_path / "first_administrator"
    file.write_text(f"{user.username}\n{password}\n")
    assert first_password.main([str(file)]) == 0
    assert password in first_words(user.username, password, 0, tmp_path)
    password_set(name=user.username, password=password_generate())
    assert first_password.main([str(file)]) == first_password.CHANGED
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert first_password.main([str(file)]) == first_password.CHANGED
    for status in (first_password.CHANGED, 1):
        said = first_words(user.username, password, status, tmp_path / "my data")
        assert password not in said
        assert f"genepool user password root --data-dir '{tmp_path}/my data'" in said


def test_nobody_gets_a_password_by_mistake(alice, capsys):
    assert main(["user", "password", "alicia"]) == 1
    assert "no user 'alicia'" in capsys.readouterr().err


def test_prints_a_token_alone_so_that_a_script_can_take_it(alice, capsys):
    assert main(["token", "create", "alice", "--scope", "write", "--scope", "submit", "--name", "robot"]) == 0
    token = token_authenticate(capsys.readouterr().out.strip())
    assert (token.user, token.scopes, token.name) == (alice, ["write", "submit"], "robot")
    assert token.expires_at is not None


def test_a_token_may_have_no_end(alice, capsys):
    assert main(["token", "create", "alice", "--scope", "read", "--days", "0"]) == 0
    assert AccessToken.objects.get().expires_at is None


@pytest.mark.parametrize(
    "call", [["nobody", "--scope", "read"], ["alice", "--scope", "admin"], ["alice", "--scope", "read", "--days", "-1"]]
)
def test_a_token_that_cannot_be_is_refused(alice, capsys, call):
    assert main(["token", "create", *call]) == 1
    assert not AccessToken.objects.exists()
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "call", [["user"], ["token", "create", "alice"], ["token", "create", "alice", "--scope", "fly"], ["jobs"], ["push"]]
)
def test_a_wrong_call_is_exit_code_two(call, capsys):
    with pytest.raises(SystemExit) as caught:
        main(call)
    assert caught.value.code == 2
    assert "usage: genepool" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["submit", "jobs", "push", "pull", "user", "token"])
def test_every_command_explains_itself(command, capsys):
    with pytest.raises(SystemExit) as caught:
        main([command, "--help"])
    assert caught.value.code == 0
    assert f"genepool {command}" in capsys.readouterr().out

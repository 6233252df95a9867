"""The people of the table, and what is there for them to ask for."""

from collections.abc import Callable
from datetime import timedelta

from django.contrib.sessions.backends.db import SessionStore
from django.test import Client
from django.utils import timezone

from hub.accounts.granting import token_create, token_revoke
from hub.accounts.models import AccessToken, Device, Namespace, User
from hub.accounts.organisations import member_set
from hub.accounts.service_accounts import service_account_create
from hub.blobs.services import blob_put
from hub.catalog.models import Repo
from hub.evals.models import Ranking
from hub.evals.pairs import pair_of
from hub.imports.models import Import
from hub.jobs.models import JobOutput, Webhook
from tests.factories.accounts import make_user
from tests.factories.benchmarks import make_benchmark
from tests.factories.evals import make_evaluation
from tests.hub.api.permissions.table import PEOPLE, Row
from tests.hub.api.test_jobs import make_job
from tests.hub.api.zoo import make_dataset, make_model

BASE = {"raise_request_exception": False}


class Stage:
    """Alice owns the lab, Mia maintains it, Bob contributes, Vera looks on, Robot is its service account; Charlie is a stranger."""

    def __init__(self, alice: User, bob: User, charlie: User, root: User, lab: Namespace) -> None:
        vera, mia = make_user("vera"), make_user("mia")
        member_set(namespace=lab, user=vera, role="viewer")
        member_set(namespace=lab, user=mia, role="maintainer")
        self.people = {"alice": alice, "bob": bob, "vera": vera, "mia": mia, "charlie": charlie, "root": root}
        self.robot = service_account_create(asker=alice, namespace=lab, name="robot")
        self.names = self._things(alice, lab)
        self.raw = self._tokens(alice)
        self.sessions = {name: _session(user) for name, user in self.people.items()}

    def _things(self, alice: User, lab: Namespace) -> dict[str, str]:
        secret, commit = make_model(alice, "lab/secret", visibility="private")
        measured = make_evaluation(alice, secret, commit, [1, 0], data="builtin:digits")
        pair_of(measured, measured)  # as a worker does: it is there for whoever may see it
        make_model(alice, "lab/open", seed=1)
        closed, _ = make_dataset(alice, "lab/data")
        make_benchmark(alice, "secret", data="lab/data", namespace="lab")
        Repo.objects.filter(pk=closed.pk).update(visibility="private")  # its name was everybody's to see before
        job = make_job(alice)
        Ranking.objects.create(job=job, result={})
        JobOutput.objects.create(job=job, role="file", blob=blob_put(chunks=[b"{}"], user=alice), path="report.json")
        token, _ = token_create(user=alice, name="to be seen", scopes=["read"])
        webhook = Webhook.objects.create(owner=alice, url="https://example.org/hook", secret="x")
        origin = Import.objects.create(
            owner=alice, type="model", mode="mirror", endpoint="https://example.org", remote="a/b", target="alice/b"
        )
        device = Device.objects.create(user=alice, session_key="of-the-stage", seen_at=timezone.now())
        things = {
            "job": job,
            "token": token,
            "webhook": webhook,
            "import": origin,
            "device": device,
            "measured": measured,
        }
        return (
            {name: str(thing.pk) for name, thing in things.items()} | {"commit": commit.oid} | self._letter(alice, lab)
        )

    def _letter(self, alice: User, lab: Namespace) -> dict[str, str]:
        from hub.accounts.invitations import invitation_create

        letter, _ = invitation_create(asker=alice, namespace=lab, role="viewer")
        return {"invitation": str(letter.pk)}

    def _tokens(self, alice: User) -> dict[str, str]:
        def make(user: User, *scopes: str, **more: object) -> tuple[AccessToken, str]:
            return token_create(user=user, name="actor", scopes=scopes, **more)  # type: ignore[arg-type]

        expired, expired_raw = make(alice, "write", "submit")
        AccessToken.objects.filter(pk=expired.pk).update(expires_at=timezone.now() - timedelta(days=1))
        revoked, revoked_raw = make(alice, "write", "submit")
        token_revoke(token=revoked)
        return {
            "read": make(alice, "read")[1],
            "submit": make(alice, "submit")[1],
            "write": make(alice, "write")[1],
            "limited": make(alice, "write", "submit", namespaces=["alice"])[1],
            "expired": expired_raw,
            "revoked": revoked_raw,
            "robot": make(self.robot, "write", "submit")[1],
            **{
                name: make(user, *(("admin",) if user.is_staff else ("write", "submit")))[1]
                for name, user in self.people.items()
            },
        }

    def ask(self, actor: str, row: Row) -> int:
        """People come with a token to the APIs and with a session to pages."""
        client = Client(raise_request_exception=False)
        headers = {}
        if actor in PEOPLE and row.is_page:
            if actor != "nobody":
                client.cookies["genepool_session"] = self.sessions[actor]
        elif actor != "nobody":
            headers["HTTP_AUTHORIZATION"] = f"Bearer {self.raw[actor]}"
        call: Callable[..., object] = getattr(client, row.method.lower())
        body = (
            {}
            if row.method == "GET"
            else {"content_type": "application/x-www-form-urlencoded" if row.is_page else "application/json"}
        )
        answer = call(f"/{row.address.format(**self.names)}", **body, **headers)
        return int(answer.status_code)  # type: ignore[attr-defined]


def _session(user: User) -> str:
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    store = SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[-1]
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.create()
    return str(store.session_key)

"""Webhooks: every state change, signed, at least once, also when the receiver fails twice."""

import hashlib
import hmac
import json
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.db.models import F

from hub.core.errors import Invalid, NotFound, TooMany
from hub.jobs.models import WebhookDelivery
from hub.jobs.services import deliveries_send, job_cancel, job_fail, webhook_create, webhook_delete
from hub.jobs.services.leases import database_time
from tests.factories.jobs import claim, key_of, make_job

pytestmark = pytest.mark.django_db


class Receiver(HTTPServer):
    """Answers from `statuses` in turn, then 200."""

    def __init__(self):
        self.statuses: list[int] = []
        self.got: list[tuple[dict, bytes]] = []
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/hook"


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = self.server.statuses.pop(0) if self.server.statuses else 200
        self.server.got.append((dict(self.headers), body))
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "http://127.0.0.1:1/")
        self.end_headers()

    def log_message(self, *_):
        return


@pytest.fixture
def receiver(settings):
    settings.WEBHOOK_HOSTS = ["127.0.0.1"]
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def states(receiver):
    return [json.loads(body)["job"]["state"] for _, body in receiver.got]


def due_now():
    WebhookDelivery.objects.update(next_try_at=database_time(-1))


def test_tells_every_state_change_also_after_two_failures(alice, receiver):
    webhook_create(owner=alice, url=receiver.url)
    make_job(alice)
    job = claim()
    job_fail(**key_of(job), code="user_error", message="No.")
    receiver.statuses = [500, 503]
    assert deliveries_send() == 3
    assert WebhookDelivery.objects.filter(delivered_at=None).count() == 2
    assert deliveries_send() == 0
    due_now()
    assert deliveries_send() == 2
    assert not WebhookDelivery.objects.filter(delivered_at=None).exists()
    delivered = [json.loads(body) for _, body in receiver.got[2:]]
    assert {entry["job"]["state"] for entry in delivered} == {"queued", "running", "failed"}
    assert next(entry for entry in delivered if entry["job"]["state"] == "failed")["job"]["error"]["message"] == "No."


def test_signature_covers_time_and_body(alice, receiver):
    webhook = webhook_create(owner=alice, url=receiver.url)
    make_job(alice)
    deliveries_send()
    headers, body = receiver.got[0]
    signed = headers["X-Genepool-Timestamp"].encode() + b"." + body
    assert (
        headers["X-Genepool-Signature"]
        == "sha256=" + hmac.new(webhook.secret.encode(), signed, hashlib.sha256).hexdigest()
    )
    assert headers["X-Genepool-Delivery"] == str(WebhookDelivery.objects.get().pk)


def test_a_repeat_carries_the_same_delivery_number(alice, receiver):
    webhook_create(owner=alice, url=receiver.url)
    make_job(alice)
    receiver.statuses = [500]
    deliveries_send()
    due_now()
    deliveries_send()
    first, second = (headers["X-Genepool-Delivery"] for headers, _ in receiver.got)
    assert first == second


def test_pauses_grow(alice, receiver):
    webhook_create(owner=alice, url=receiver.url)
    make_job(alice)
    receiver.statuses = [500] * 3
    for pause in (10, 30, 120):
        deliveries_send()
        row = WebhookDelivery.objects.filter(
            next_try_at__gt=database_time(pause - 5), next_try_at__lt=database_time(pause + 5)
        )
        assert row.exists()
        due_now()


def test_gives_up_after_a_day(alice, receiver):
    webhook_create(owner=alice, url=receiver.url)
    make_job(alice)
    WebhookDelivery.objects.update(created_at=F("created_at") - timedelta(hours=25))
    receiver.statuses = [500]
    deliveries_send()
    delivery = WebhookDelivery.objects.get()
    assert delivery.gave_up_at is not None
    assert (delivery.last_status, delivery.last_error) == (500, "The receiver answered 500.")


def test_a_redirect_is_a_failure(alice, receiver):
    webhook_create(owner=alice, url=receiver.url)
    make_job(alice)
    receiver.statuses = [302]
    deliveries_send()
    assert len(receiver.got) == 1
    assert WebhookDelivery.objects.get().delivered_at is None


def test_offline_sends_nothing(alice, receiver, settings):
    webhook_create(owner=alice, url=receiver.url)
    make_job(alice)
    settings.OFFLINE = True
    assert deliveries_send() == 0
    assert receiver.got == []


def test_tells_only_the_owner_of_the_job(alice, bob, receiver):
    webhook_create(owner=bob, url=receiver.url)
    job_cancel(user=alice, job=make_job(alice))
    assert not WebhookDelivery.objects.exists()


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/",
        "https://name:word@example.org/",
        "https:///x",
        "example.org",
        "https://192.168.1.4/",
        "http://[::1]/",
        "http://[::1",
        "http://x.example:99999/",
        "http://x.example:port/",
        "http://x y.example/",
        "http://x.example/\r\nX: y",
        "http://１２７.0.0.1/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://localhost:8000/",
        "http://hub.LOCALHOST./",
        "https://x.example/" + "a" * 500,
    ],
)
def test_refuses_addresses_it_will_not_call(alice, url):
    with pytest.raises(Invalid):
        webhook_create(owner=alice, url=url)


def test_caps_the_number_of_webhooks(alice):
    for number in range(20):
        webhook_create(owner=alice, url=f"https://example.org/{number}")
    with pytest.raises(TooMany):
        webhook_create(owner=alice, url="https://example.org/more")


def test_strangers_cannot_delete_it(alice, charlie):
    webhook = webhook_create(owner=alice, url="https://example.org/")
    with pytest.raises(NotFound):
        webhook_delete(owner=charlie, webhook_id=webhook.pk)
    webhook_delete(owner=alice, webhook_id=webhook.pk)

"""/metrics: not there without the key, and with it the ledger and the requests by route."""

import pytest

# What is not there is answered by a page, whose status line asks the database.
pytestmark = pytest.mark.django_db

KEY = "a key for the scraper"


@pytest.fixture
def scrape(client, settings):
    settings.METRICS_KEY = KEY
    return lambda **headers: client.get("/metrics", headers=headers)


def test_without_a_key_in_the_settings_there_is_no_page(client, settings):
    settings.METRICS_KEY = ""
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"x-metrics-key": ""}).status_code == 404


@pytest.mark.parametrize("given", ["", "wrong", KEY[:-1], "schlüssel"])
def test_a_wrong_key_gets_what_nobody_gets(scrape, given):
    assert scrape(**{"x-metrics-key": given}).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("headers", [{"x-metrics-key": KEY}, {"authorization": f"Bearer {KEY}"}])
def test_the_key_opens_it_in_either_header(scrape, headers):
    answer = scrape(**headers)
    assert answer.status_code == 200
    assert "hub_disk_free_bytes" in answer.content.decode() or "hub_jobs" in answer.content.decode()


@pytest.mark.django_db
def test_requests_are_counted_by_route_and_never_by_path(client, scrape):
    client.get("/some-private-name/of-a-repo")
    text = scrape(**{"x-metrics-key": KEY}).content.decode()
    assert "hub_http_requests_total" in text
    assert "some-private-name" not in text


@pytest.mark.django_db
def test_workers_are_shown_with_the_age_of_their_last_bell(scrape):
    from django.utils import timezone

    from hub.jobs.models import Worker

    Worker.objects.create(
        name="cpu@here", host="here", queues=["cpu"], seen_at=timezone.now(), last_bell_at=timezone.now()
    )
    text = scrape(**{"x-metrics-key": KEY}).content.decode()
    assert 'hub_worker_up{worker="cpu@here"} 1.0' in text
    assert 'hub_last_bell_age_seconds{worker="cpu@here"}' in text

"""One JSON object per line, with the request's name and without secrets."""

import json
import logging
import logging.config

import pytest

from hub.config import logging as log_setup

SECRETS = ("hub_0123456789abcdefghijABCDEFGHIJ", "abcdef0123456789abcdef", "p4ssw0rd")


@pytest.fixture
def lines(capsys):
    before = logging.root.handlers[:], logging.root.level
    logging.config.dictConfig(log_setup.settings_for("INFO"))
    log_setup.clear()
    yield lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    log_setup.clear()
    logging.root.handlers[:], logging.root.level = before


def test_a_line_is_one_object_with_the_common_fields_first(lines):
    logging.getLogger("hub.jobs").warning("job %s lost\nits lease", 14, extra={"attempt": 2})
    (line,) = lines()
    assert list(line)[:4] == ["ts", "level", "logger", "msg"]
    assert line["msg"] == "job 14 lost\nits lease"
    assert (line["level"], line["logger"], line["attempt"]) == ("warning", "hub.jobs", 2)


def test_what_is_bound_goes_along_until_it_is_cleared(lines):
    log_setup.bind(job_id=14, attempt=None)
    logging.getLogger("a").info("one")
    log_setup.clear()
    logging.getLogger("a").info("two")
    one, two = lines()
    assert one["job_id"] == 14
    assert "attempt" not in one
    assert "job_id" not in two


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {SECRETS[1]}",
        f"a push with {SECRETS[0]} failed",
        f"GET https://bucket/key?X-Amz-Signature={SECRETS[1]}&part=1",
        f"postgres://genepool:{SECRETS[2]}@db/genepool",
    ],
)
def test_secrets_in_the_text_are_struck_out(lines, text):
    logging.getLogger("a").info(text)
    (line,) = lines()
    assert not any(secret in line["msg"] for secret in SECRETS)
    assert log_setup.STRUCK in line["msg"]


def test_secrets_in_fields_are_struck_out_at_any_depth(lines):
    logging.getLogger("a").info(
        "x",
        extra={
            "headers": {"Cookie": SECRETS[2], "Accept": "json"},
            "api_key": SECRETS[2],
            "items": [f"?token={SECRETS[1]}"],
        },
    )
    (line,) = lines()
    assert line["headers"] == {"Cookie": log_setup.STRUCK, "Accept": "json"}
    assert line["api_key"] == log_setup.STRUCK
    assert line["items"] == [f"?token={log_setup.STRUCK}"]


def test_secrets_in_a_traceback_are_struck_out(lines):
    try:
        raise ValueError(f"token {SECRETS[0]} is wrong")
    except ValueError:
        logging.getLogger("a").exception("failed")
    (line,) = lines()
    assert "ValueError" in line["exception"]
    assert SECRETS[0] not in line["exception"]


@pytest.mark.django_db
def test_each_request_has_a_name_and_one_line(client, lines):
    answer = client.get("/no-such-page-here/really")
    (line,) = [line for line in lines() if line["logger"] == "hub.requests"]
    assert line["request_id"] == answer.headers["X-Request-Id"]
    assert (line["method"], line["status"]) == ("GET", answer.status_code)


@pytest.mark.parametrize(
    ("given", "is_taken"), [("abcdef-0123", True), ("short", False), ("bad\nline-injected", False), ("x" * 65, False)]
)
def test_a_clean_name_of_the_proxy_is_kept(client, given, is_taken):
    answer = client.get("/healthz", headers={"x-request-id": given})
    assert (answer.headers["X-Request-Id"] == given) is is_taken


def test_probes_are_not_logged(client, lines):
    client.get("/healthz")
    assert [line for line in lines() if line["logger"] == "hub.requests"] == []

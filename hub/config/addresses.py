"""Where the parts are, read from one URL each. A wrong one stops the start with what it should look like."""

import re
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from hub.config import env

DURATION = re.compile(r"\d+(ms|s|min|h)?")


def _split(name: str, url: str, schemes: tuple[str, ...], example: str) -> SplitResult:
    """The URL itself is not repeated where it may hold a password."""
    parts = urlsplit(url)
    try:
        has_good_port = parts.port is None or parts.port > 0
    except ValueError:
        has_good_port = False
    if parts.scheme not in schemes or not has_good_port:
        raise ImproperlyConfigured(f"{name} must look like {example}.")
    return parts


def site(name: str, default: str) -> SplitResult:
    parts = _split(name, env.text(name, default).rstrip("/"), ("http", "https"), "https://models.example.org")
    if not parts.hostname or parts.path or parts.query or parts.fragment:
        raise ImproperlyConfigured(
            f"{name} is {env.text(name)!r}. Write scheme and host alone, like https://models.example.org."
        )
    return parts


def database(name: str, default: str) -> dict[str, Any]:
    """A socket folder goes into the query: ?host=/path. The password may come apart, as DATABASE_PASSWORD or its _FILE."""
    example = "postgres://user:password@host:5432/name. Genepool runs on Postgres only"
    parts = _split(name, env.secret(name, default), ("postgres", "postgresql"), example)
    if not parts.path.strip("/"):
        raise ImproperlyConfigured(f"{name} names no database. It must look like {example}.")
    timeout = env.text("DATABASE_STATEMENT_TIMEOUT", "15s")
    if not DURATION.fullmatch(timeout):
        raise ImproperlyConfigured(f"DATABASE_STATEMENT_TIMEOUT is {timeout!r}. Write a number with ms, s, min or h.")
    query = dict(parse_qsl(parts.query))
    options: dict[str, Any] = {"options": f"-c statement_timeout={timeout} -c idle_in_transaction_session_timeout=60s"}
    # In web processes alone, whose threads come and go; gunicorn's configuration switches it on.
    has_pool = env.boolean("DATABASE_POOL")
    if has_pool:
        options["pool"] = {"min_size": 2, "max_size": 8, "timeout": 10}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password) if parts.password else env.secret("DATABASE_PASSWORD"),
        "HOST": query.pop("host", parts.hostname or ""),
        "PORT": query.pop("port", str(parts.port or "")),
        "CONN_MAX_AGE": 0 if has_pool else 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {**query, **options},
    }


def redis(name: str, default: str) -> str:
    url = env.secret(name, default)
    parts = _split(name, url, ("redis", "rediss", "unix"), "redis://host:6379/0 or unix:///path/of/socket?db=0")
    if not (parts.path.strip("/") if parts.scheme == "unix" else parts.hostname):
        raise ImproperlyConfigured(f"{name} must look like redis://host:6379/0 or unix:///path/of/socket?db=0.")
    return url

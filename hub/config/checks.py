"""System checks: what would only show later, said at the start. `genepool up` and `migrate` run them."""

import difflib
import os
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connections

from hub.config.readiness import NotReady, write_test

SHORTEST_SECRET = 32
FEWEST_CHARACTERS = 8
SAMPLES = ("change-me", "changeme", "django-insecure-", "sample", "your-secret-key")
OUR_PREFIXES = ("GENEPOOL_", "HUB_")
KNOWN_VARIABLES = frozenset(
    {
        "GENEPOOL_CLAIM_SEEDS",
        "GENEPOOL_DATA",
        "GENEPOOL_KERNELS",
        "GENEPOOL_TRITON",
        "GENEPOOL_SERVICE_OF",
        "GENEPOOL_TEST_SERVICES",
        "GENEPOOL_SOURCE_TOKEN",
        "GENEPOOL_TOKEN",
        "GENEPOOL_URL",
        "GENEPOOL_VERSION",
    }
)


def is_weak(secret: str) -> bool:
    return len(secret) < SHORTEST_SECRET or len(set(secret)) < FEWEST_CHARACTERS or secret.lower().startswith(SAMPLES)


@register(Tags.security)
def secret_is_strong(app_configs: Any, **_: Any) -> list[CheckMessage]:
    weak = ["SECRET_KEY"] if is_weak(settings.SECRET_KEY) else []
    weak += [f"TOKEN_PEPPER {number}" for number, pepper in settings.TOKEN_PEPPERS.items() if is_weak(pepper)]
    return [
        Error(
            f"{name} is short or a sample: whoever guesses it signs in as anybody.",
            hint="Make one: python -c 'import secrets; print(secrets.token_urlsafe(48))'.",
            id="genepool.E001",
        )
        for name in dict.fromkeys(weak)
    ]


@register()
def storage_is_writable(app_configs: Any, **_: Any) -> list[CheckMessage]:
    try:
        write_test(settings.STORAGE_URL, settings.S3)
    except ValueError:
        hint = "Write it like file:///srv/genepool/blobs or s3://bucket/prefix."
        return [Error(f"STORAGE_URL is {settings.STORAGE_URL!r}.", hint=hint, id="genepool.E002")]
    except NotReady as problem:
        return [
            Error(
                str(problem),
                hint="Look at the folder or bucket that STORAGE_URL names, and at S3_ENDPOINT and its keys.",
                id="genepool.E003",
            )
        ]
    return []


@register(Tags.database)
def vectors_are_there(app_configs: Any, databases: Any = None, **_: Any) -> list[CheckMessage]:
    """Only where the caller names databases: other commands must work while the database is away."""
    found: list[CheckMessage] = []
    for alias in databases or ():
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT installed_version FROM pg_available_extensions WHERE name = 'vector'")
            row = cursor.fetchone()
        if row is None:
            found.append(
                Error("This Postgres has no pgvector.", hint="Install the extension on the server.", id="genepool.E004")
            )
        elif row[0] is None:
            hint = "As a superuser, in the hub's database: CREATE EXTENSION vector."
            found.append(
                Warning("pgvector is there but not switched on in this database.", hint=hint, id="genepool.W002")
            )
    return found


@register()
def variables_are_known(app_configs: Any, **_: Any) -> list[CheckMessage]:
    return [
        Warning(f"The variable {name} means nothing to Genepool.", hint=nearest(name), id="genepool.W001")
        for name in sorted(os.environ)
        if name.startswith(OUR_PREFIXES) and name not in KNOWN_VARIABLES
    ]


def nearest(name: str) -> str | None:
    close = difflib.get_close_matches(name, KNOWN_VARIABLES, n=1, cutoff=0.75)
    return f"Did you mean {close[0]}?" if close else None

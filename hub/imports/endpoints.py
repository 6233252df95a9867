"""Which hubs may be imported from. The administrator lists them; what `hf:` means is the first."""

from urllib.parse import urlsplit

from django.conf import settings

from hub.core.errors import Invalid
from hub.core.http_client import Blocked
from hub.core.outbound import Rules, url_parts


def endpoint_normalise(text: str) -> str:
    """https where nothing else is written; scheme and host in lower case; no slash at the end."""
    text = text.strip().rstrip("/")
    url = text if "://" in text else f"https://{text}"
    try:
        parts = url_parts(url)
    except Blocked as error:
        raise Invalid(f"{text[:120]!r} is not the address of a hub. {error}") from None
    if parts.query or parts.fragment:
        raise Invalid(f"{text[:120]!r} is not the address of a hub. Leave out what follows ? or #.")
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path}"


def endpoints_allowed() -> list[str]:
    return [endpoint_normalise(name) for name in settings.IMPORT_HOSTS]


def endpoint_choose(given: str | None) -> str:
    """The endpoint that is meant, if an administrator allows it."""
    allowed = endpoints_allowed()
    if not allowed:
        raise Invalid("This hub imports from nowhere: IMPORT_HOSTS is empty. An administrator can list hubs there.")
    endpoint = endpoint_normalise(given) if given else allowed[0]
    if endpoint not in allowed:
        names = ", ".join(allowed)
        raise Invalid(
            f"{endpoint} is not a hub that may be imported from. Allowed: {names}. An administrator can add it to IMPORT_HOSTS."
        )
    try:
        Rules(endpoint, tuple(settings.IMPORT_PRIVATE_HOSTS)).judge(endpoint)
    except Blocked as error:
        raise Invalid(str(error)) from None
    return endpoint


def source_words(endpoint: str, remote: str, revision: str) -> str:
    """How people name a source: short for what hf: means, else with its host."""
    allowed = endpoints_allowed()
    prefix = "hf:" if allowed and endpoint == allowed[0] else f"{urlsplit(endpoint).netloc}/"
    return f"{prefix}{remote}@{revision}"

"""What `push`, `pull` and `data push` share: the stock Hugging Face client, pointed at our hub and at nothing else."""

import fnmatch
import logging
import os
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from hub.cli.client import hub_token, hub_url

# Never part of a repo: what version control and the client itself keep beside the files.
IGNORED = (".git/*", "*/.git/*", ".cache/huggingface/*", "*/.cache/huggingface/*", ".DS_Store", "*/.DS_Store")

# What follows the question mark of an address: it may be the very right to read or write.
_QUERY = re.compile(r"(https?://[^\s'\"<>?]+)\?[^\s'\"<>]*")


def addresses_hidden(text: str) -> str:
    """SECURITY: signed addresses are keys, and terminals and logs of builds are read by others."""
    return _QUERY.sub(r"\1?…", text)


class _HideAddresses(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = addresses_hidden(record.getMessage()), ()
        return True


def environment_prepare() -> None:
    """Before the first import of huggingface_hub, which reads these once."""
    os.environ["HF_HUB_DISABLE_XET"] = "1"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ["HF_ENDPOINT"] = hub_url()
    os.environ.pop("HF_HUB_OFFLINE", None)
    # Bars are for people: a log file gets none.
    if not sys.stderr.isatty():
        os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"


def token_or_none_at_all() -> str | bool:
    """SECURITY: False, not None: with None the client would send a token for another hub that it finds in the home folder."""
    return hub_token() or False


def files_chosen(folder: Path, include: Iterable[str] | None, exclude: Iterable[str] | None) -> list[str]:
    """Relative names of the files that are meant, sorted. Links that lead out of the folder are none."""
    root = folder.resolve()
    left = (*IGNORED, *(exclude or ()))
    found = []
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if not path.is_file() or not path.resolve().is_relative_to(root) or matches(name, left):
            continue
        if include is None or matches(name, include):
            found.append(name)
    return found


def matches(name: str, patterns: Iterable[str]) -> bool:
    """As the client reads them: a folder with a slash at its end means all that is in it."""
    return any(fnmatch.fnmatchcase(name, pattern + "*" if pattern.endswith("/") else pattern) for pattern in patterns)


def explained(action: Callable[[], int]) -> int:
    """Runs `action` and turns the client's errors into a sentence and exit code 1."""
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError
    from huggingface_hub.utils.logging import get_logger

    for handler in get_logger().handlers:  # the client's own, which all its loggers write to
        handler.addFilter(_HideAddresses())
    try:
        return action()
    except HfHubHTTPError as error:
        message = _message(error)
    except HFValidationError as error:
        message = str(error)
    except (ConnectionError, LocalEntryNotFoundError):
        message = _silence()
    except OSError as error:
        message = f"{error.filename or ''}: {error.strerror or error}".removeprefix(": ")
    except RuntimeError as error:
        # The client wraps what went wrong with one file; the reason is what it was raised from.
        cause = error.__cause__
        if not isinstance(cause, Exception):
            raise
        message = f"{error} {_message(cause) if isinstance(cause, HfHubHTTPError) else cause}"
    except Exception as error:
        # The client's own HTTP library is its business: which one it is has changed between releases.
        if type(error).__module__.partition(".")[0] not in ("httpx", "httpx2", "requests"):
            raise
        message = _silence()
    sys.stderr.write(f"genepool: {addresses_hidden(message)}\n")
    return 1


def _silence() -> str:
    return f"Nothing answers at {hub_url()}. Start a hub with `genepool up`, or set GENEPOOL_URL to the one you mean."


def _message(error: Any) -> str:
    status = getattr(error.response, "status_code", 0)
    if status == 401:
        return f"The hub at {hub_url()} wants a valid access token for this. Set GENEPOOL_TOKEN."
    return str(getattr(error, "server_message", "") or error).strip()

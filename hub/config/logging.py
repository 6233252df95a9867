"""One JSON object per line on stdout: ts, level, logger, msg, and what is bound (request, user, job, attempt, task).

Secrets are struck out last, so that no caller has to think of it.
"""

import logging
import logging.config
import re
import secrets
import sys
import time
from collections.abc import Callable, MutableMapping
from typing import Any, TextIO

import structlog
from django.http import HttpRequest, HttpResponse

STRUCK = "[struck out]"
SECRET_NAME = re.compile(r"authorization|cookie|token|password|passwd|secret|api[-_]?key|signature", re.IGNORECASE)
SECRET_TEXT = (
    re.compile(r"(?i)\b((?:bearer|basic)\s+)[\w+/=.~-]{8,}"),
    re.compile(r"\b((?:hub|hf)_)[A-Za-z0-9]{20,}"),
    re.compile(r"(?i)([?&](?:x-amz-[a-z-]+|signature|sig|token|expires|key-pair-id|policy)=)[^&\s\"']+"),
    re.compile(r"(://[^/\s:@]+:)[^@\s/]+(?=@)"),
)
CLEAN_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
QUIET = ("/healthz", "/readyz", "/metrics", "/static/")
DEPTH = 6

Event = MutableMapping[str, Any]
request_log = logging.getLogger("hub.requests")


def strike_text(text: str) -> str:
    for pattern in SECRET_TEXT:
        text = pattern.sub(rf"\1{STRUCK}", text)
    return text


def strike(value: Any, depth: int = DEPTH) -> Any:
    if isinstance(value, str):
        return strike_text(value)
    if depth and isinstance(value, dict):
        return {
            key: STRUCK if SECRET_NAME.search(str(key)) and item else strike(item, depth - 1)
            for key, item in value.items()
        }
    if depth and isinstance(value, list | tuple | set):
        return [strike(item, depth - 1) for item in value]
    return value


def _strike_event(_: Any, __: str, event: Event) -> Event:
    struck: Event = strike(dict(event), DEPTH)
    return struck


def _name_fields(_: Any, __: str, event: Event) -> Event:
    return {
        "ts": event.pop("timestamp", None),
        "level": event.pop("level", "info"),
        "logger": event.pop("logger", ""),
        "msg": event.pop("event", ""),
        **event,
    }


class StdoutHandler(logging.StreamHandler[TextIO]):
    """Writes to what stdout is now, not to what it was when logging was set up: tests and commands put others in its place."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        return sys.stdout


SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.ExtraAdder(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]


def settings_for(level: str) -> dict[str, Any]:
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": SHARED,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    _name_fields,
                    _strike_event,
                    structlog.processors.JSONRenderer(default=str, ensure_ascii=False),
                ],
            }
        },
        "handlers": {"stdout": {"()": StdoutHandler, "formatter": "json"}},
        "root": {"handlers": ["stdout"], "level": level},
        "loggers": {
            "django.request": {"level": "ERROR"},  # our own line per request says the rest
            "django.server": {"level": "WARNING"},
            "celery": {"level": "WARNING" if level == "INFO" else level},
            "kombu": {"level": "WARNING"},
            "httpx": {"level": "WARNING"},
        },
    }


def configure(level: str) -> None:
    logging.config.dictConfig(settings_for(level))
    structlog.configure(
        processors=[*SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def bind(**values: object) -> None:
    structlog.contextvars.bind_contextvars(**{name: value for name, value in values.items() if value is not None})


def clear() -> None:
    structlog.contextvars.clear_contextvars()


class RequestLog:
    """Names each request, binds the name to whatever is logged meanwhile, and writes one line when it is answered."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-Id", "")
        request_id = given if CLEAN_ID.fullmatch(given) else secrets.token_hex(8)
        clear()
        bind(request_id=request_id)
        started = time.perf_counter()
        try:
            response = self.get_response(request)
            response.headers.setdefault("X-Request-Id", request_id)
            self._say(request, response, started)
            return response
        finally:
            clear()

    def _say(self, request: HttpRequest, response: HttpResponse, started: float) -> None:
        user = getattr(request, "_cached_user", None)  # asking request.user could cost a query here
        level = logging.DEBUG if request.path.startswith(QUIET) else logging.INFO
        request_log.log(
            level,
            "%s %s %s",
            request.method,
            request.path,
            response.status_code,
            extra={
                "method": request.method,
                "status": response.status_code,
                "ms": round(1000 * (time.perf_counter() - started), 1),
                "user_id": getattr(user, "pk", None),
            },
        )

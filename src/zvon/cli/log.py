"""Logs: one JSON object a line, never a secret in it."""

import logging
import re
import sys
from collections.abc import Mapping
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

import structlog

SECRET = re.compile(
    r"secret|token|passw|key|cookie|authorization|credential|dsn|tsig|seed|link|private|csrf",
    re.IGNORECASE,
)
# A DSN or URL with a password in it, wherever it stands in a text.
IN_TEXT = re.compile(r"(\bpassword=)[^\s]+|(\w+://[^\s:/@]+:)[^\s@]+(?=@)", re.IGNORECASE)
HIDDEN = "(hidden)"
FILE_BYTES = 10_000_000
FILES_KEPT = 5


def hide_secrets(_logger: Any, _method: str, event: Mapping[str, Any]) -> dict[str, Any]:
    """Replace bytes, values under a secret-like name, and passwords inside texts."""
    return {
        key: HIDDEN if key != "event" and SECRET.search(key) else _clean(value)
        for key, value in event.items()
    }


def _clean(value: Any) -> Any:
    match value:
        case bytes() | bytearray() | memoryview():
            return f"({len(value)} bytes)"
        case str():
            return IN_TEXT.sub(lambda m: f"{m[1] or m[2]}{HIDDEN}", value)
        case Mapping():
            return hide_secrets(None, "", {str(k): v for k, v in value.items()})
        case list() | tuple() | set() | frozenset():
            return [_clean(v) for v in value]
        case _:
            return value


def log_to(folder: Path, name: str, level: str) -> None:
    """Send all logs of this process to `folder`/`name`.log, and errors to stderr too."""
    folder.mkdir(parents=True, exist_ok=True)
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*shared, structlog.stdlib.PositionalArgumentsFormatter()],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            hide_secrets,
            structlog.processors.JSONRenderer(ensure_ascii=False, default=repr),
        ],
    )
    file = RotatingFileHandler(
        folder / f"{name}.log", maxBytes=FILE_BYTES, backupCount=FILES_KEPT, encoding="utf-8"
    )
    errors = logging.StreamHandler(sys.stderr)
    errors.setLevel(logging.ERROR)
    for handler in (file, errors):
        handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [file, errors]
    root.setLevel(level.upper())
    for chatty in ("httpx", "httpcore", "pgqueuer", "granian", "alembic"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))

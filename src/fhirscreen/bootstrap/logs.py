"""Structured logs on standard error: a line each, with the id of the request, and no patient data.

An exception is logged by its kind and the places in the code it came through. Its text is left out: that of a
library may quote an address or a value. Of a log record's own text nothing is known either, so that no
module may write ids into it; a test reads the log of a whole session.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any, TextIO

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_QUIET = ("httpx", "httpcore", "alembic", "sqlalchemy", "stamina", "asyncio", "multipart", "python_multipart")
"""Libraries that log addresses, statements or headers: only what they warn of."""

_FRAMES = 12


def set_up_logs(level: str, *, json: bool, stream: TextIO | None = None) -> None:
    """Sends everything that this process logs, by structlog or logging, through one formatter."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        tell_exception,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    shown: Processor = (
        structlog.processors.JSONRenderer(serializer=_dumps)
        if json
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.PositionalArgumentsFormatter(), *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, shown],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers[:] = []
        logger.propagate = True
    logging.getLogger("uvicorn.access").disabled = True  # it writes whole addresses; our own line does not


def tell_exception(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """In place of a traceback: the kinds of the exception and its causes, and where it came through."""
    given: Any = event.pop("exc_info", None)
    if given is True:
        given = sys.exc_info()
    error = given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        event.update(told(error))
    return event


def told(error: BaseException) -> dict[str, list[str]]:
    """An exception as fields of a log entry: its kind and those of its causes, and where it came through."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    return {
        "error": list(_kinds(error)),
        "through": [f"{_short(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames],
    }


def _kinds(error: BaseException | None) -> Any:
    while error is not None:
        yield f"{type(error).__module__}.{type(error).__qualname__}"
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _short(file: str) -> str:
    return file.rpartition("site-packages/")[2].rpartition("src/")[2]


def _dumps(event: MutableMapping[str, Any], **_: Any) -> str:
    return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode()

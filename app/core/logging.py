"""What is logged and how: one line an event, to standard error, the libraries' logs in the same form."""

import logging
import sys
from typing import Any, Literal, TextIO

import msgspec
import structlog
from structlog.typing import Processor

Level = Literal["debug", "info", "warning", "error"]
Format = Literal["console", "json"]

CHATTY = ("httpx", "httpcore", "uvicorn.access", "alembic", "websockets")
"""Libraries whose every step is no news, or shows what nobody may read: frames with keys of callers, passwords."""


def configure(level: Level = "info", form: Format = "console", to: TextIO | None = None) -> None:
    """Set logging up for the process: `console` for people, `json` for collectors. Called by `cli` before all else;
    run uvicorn with `log_config=None` so that it joins in."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    last = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_rendering(form)]
    handler = logging.StreamHandler(to or sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=last))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)


def _rendering(form: Format) -> list[Processor]:
    # tracebacks without local variables: those may be passwords and callers' data
    if form == "json":
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(serializer=_dump)]
    plain = structlog.dev.plain_traceback
    return [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)]


def _dump(event: Any, **_: Any) -> str:
    return msgspec.json.encode(event, enc_hook=repr).decode()

"""What a running process holds besides its database: settings, clock, log.

Built once by `backend.app.create_app` and reached through `current_runtime`;
functions below the entry points take `now` and values as arguments instead.
"""

import logging
import sys
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any, cast

import structlog
from flask import current_app

from backend.clock import Clock, utc_now
from backend.config import Settings

_EXTENSION = "recovery_runtime"
_HANDLER = "recovery"
_NEVER_LOGGED = frozenset(
    {"body", "phone", "to", "name", "given_name", "family_name", "password", "code", "token"}
)


@dataclass(frozen=True, slots=True)
class Runtime:
    """The settings and the clock of this process."""

    settings: Settings
    clock: Clock = utc_now


def attach_runtime(extensions: MutableMapping[str, Any], runtime: Runtime) -> None:
    """Put `runtime` where `current_runtime` finds it (a Flask app's `extensions`)."""
    extensions[_EXTENSION] = runtime


def current_runtime() -> Runtime:
    """Return the runtime of the app whose context is active."""
    return cast("Runtime", current_app.extensions[_EXTENSION])


def drop_health_data(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Mask what must never reach a log, whoever passed it: names, numbers, bodies, secrets."""
    for key in _NEVER_LOGGED & event.keys():
        event[key] = "[left out]"
    return event


def configure_logging(settings: Settings) -> None:
    """Make every log line of this process structured: JSON in production, readable otherwise."""
    final: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if settings.production
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        drop_health_data,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,  # a test that listens must hear loggers that were used before
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.set_name(_HANDLER)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                final,
            ],
            foreign_pre_chain=shared,
        )
    )
    root = logging.getLogger()
    root.handlers = [other for other in root.handlers if other.get_name() != _HANDLER] + [handler]
    root.setLevel(settings.log_level)
    for noisy in ("twilio", "werkzeug", "alembic", "sqlalchemy.engine", "flask_limiter"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    logging.getLogger("apscheduler").setLevel(
        logging.ERROR
    )  # it warns of ticks that overlap, which are meant to

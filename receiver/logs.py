"""Logging: one line an outcome, as text or JSON. Never a body, a secret or a name."""

import logging
import sys

import structlog


def for_commands() -> None:
    """Log as text to standard error, wherever that goes at the moment: what a command
    says is on standard output.
    """
    structlog.configure(logger_factory=lambda *_: structlog.WriteLogger(sys.stderr))


def configure(log_format: str) -> None:
    """Log to standard error as `text` or `json`."""
    renderer: structlog.typing.Processor = structlog.processors.JSONRenderer()
    if log_format == "text":
        renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )

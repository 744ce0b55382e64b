"""Logging: one line an outcome, as text or JSON. Never a body, a secret or a name.

What libraries log goes the same way. Of an error that nobody expected its kind is told
and where it was raised, not its message: that may quote whatever was being handled.
"""

import logging
import re
import sys
import traceback
from pathlib import Path
from types import TracebackType
from typing import Any

import structlog

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]

FRAMES = 6  # of an error, the innermost

# A terminal's columns cost three times as much to draw, for every webhook
_LOGFMT = structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"])

# An id that somebody gave to a request: a word, no address, no text
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,99}")


def for_commands() -> None:
    """Log as text to standard error, wherever that goes at the moment: what a command
    says is on standard output.
    """
    structlog.configure(logger_factory=lambda *_: structlog.WriteLogger(sys.stderr))


def configure(log_format: str) -> None:
    """Log to standard error as `text` (logfmt, or columns on a terminal) or `json`."""
    renderer: structlog.typing.Processor = structlog.processors.JSONRenderer()
    if log_format == "text":
        renderer = structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else _LOGFMT
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        told_discreetly,
    ]
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    _take_libraries_along(shared, renderer)


class Libraries(logging.StreamHandler[Any]):
    """What libraries log, as we log."""


def _take_libraries_along(
    shared: list[structlog.typing.Processor], renderer: structlog.typing.Processor
) -> None:
    root = logging.getLogger()
    for handler in list(root.handlers):
        if isinstance(handler, Libraries):
            root.removeHandler(handler)
    handler = Libraries(sys.stderr)
    handler.setLevel(logging.WARNING)
    handler.setFormatter(formatter(shared, renderer))
    root.addHandler(handler)


def formatter(
    shared: list[structlog.typing.Processor], renderer: structlog.typing.Processor
) -> logging.Formatter:
    """A formatter for the standard library's loggers."""
    without = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
        processors=[without, renderer],
    )


def told_discreetly(
    _: Any, __: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """An error as its kind and where it was raised, without its message."""
    found = event.pop("exc_info", None)
    if found is True:
        found = sys.exc_info()
    if isinstance(found, BaseException):
        found = (type(found), found, found.__traceback__)
    if isinstance(found, tuple) and found[0] is not None:
        event.update(whereabouts(found))
    event.pop("stack_info", None)
    return event


def whereabouts(found: ExcInfo) -> dict[str, str]:
    """The kind of an error, and the innermost places that it came through."""
    kind, _, trace = found
    frames = traceback.extract_tb(trace)[-FRAMES:]
    places = [f"{Path(one.filename).name}:{one.lineno} {one.name}" for one in frames]
    return {"error": kind.__name__, "where": " < ".join(reversed(places))}


def known_id(given: str) -> str:
    """An id that may be written down; nothing where it is none, but some text."""
    return given if _ID.fullmatch(given) else ""

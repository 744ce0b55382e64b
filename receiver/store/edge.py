"""What all files of the store share: the scripts, and how Redis fails."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files

import redis

from receiver.errors import StoreUnavailable

as_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def script(name: str) -> str:
    """The text of a Lua script beside this file."""
    return files(__package__).joinpath(f"{name}.lua").read_text()


def said(error: redis.RedisError) -> str:
    """What an error says that may be shown: its kind alone, for its message may hold an
    address with its password.
    """
    return f"the store does not answer ({type(error).__name__})"


@contextmanager
def translated() -> Iterator[None]:
    """Redis' errors within are `StoreUnavailable`."""
    try:
        yield
    except redis.RedisError as error:
        raise StoreUnavailable(said(error)) from error

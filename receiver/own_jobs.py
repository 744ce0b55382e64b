"""Which jobs a worker carries out: those of `jobs`, and no others.

RQ's jobs name any function that Python can import, and are pickles, which run code as
soon as they are read. Whoever could write into Redis could thus run what he likes, as
the workers, with all their settings.
"""

import inspect
import io
import pickle
from typing import Any, NoReturn

from rq.job import Job

from receiver import jobs


class ForeignJob(Exception):
    """A job that none of ours asked for."""


class OwnJob(Job):
    """A job that does what a function of `jobs` does."""

    success_callback = failure_callback = stopped_callback = None  # we ask for none

    @property
    def func(self) -> Any:
        """The function to call. Raises `ForeignJob`."""
        room, _, name = str(self.func_name).rpartition(".")
        function = vars(jobs).get(name)
        ours = inspect.isfunction(function) and function.__module__ == jobs.__name__
        if room != jobs.__name__ or not ours or self.args or self.kwargs:
            raise ForeignJob
        return function


class OnlyData:
    """Reads pickles of texts, numbers and lists, which is all that our jobs hold."""

    @staticmethod
    def dumps(value: Any) -> bytes:
        """As RQ writes."""
        return pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)

    @staticmethod
    def loads(packed: bytes) -> Any:
        """Raises `ForeignJob` where there is anything else."""
        return _Data(io.BytesIO(packed)).load()


class _Data(pickle.Unpickler):
    def find_class(self, module: str, name: str, /) -> NoReturn:
        raise ForeignJob

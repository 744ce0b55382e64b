"""A worker process: `python -m receiver.worker live` (or `background`).

It imports the application once and does not fork: a process forked for each wake-up
could not keep its connection to Roistat alive, and would import everything again.
"""

import logging
import sys
from typing import Any

from rq import Queue, SimpleWorker

from receiver import __version__, jobs, logs, sentry
from receiver.bootstrap import BACKGROUND, LIVE, connect
from receiver.config import Config
from receiver.errors import InvalidSettings
from receiver.own_jobs import OnlyData, OwnJob


class PatientWorker(SimpleWorker):
    """RQ's worker, which looks for a Redis that was away every two seconds at least,
    and of a job that failed keeps no message: it may quote what was being handled.
    """

    max_connection_wait_time = 2.0

    def handle_job_failure(
        self,
        job: Any,
        queue: Any,
        started_job_registry: Any = None,
        exc_string: str = "",
    ) -> None:
        """Keep of a failed job what kind of error it was, and where."""
        found = sys.exc_info()
        if found[0] is not None:
            exc_string = "\n".join(logs.whereabouts(found).values())
        super().handle_job_failure(job, queue, started_job_registry, exc_string)


class WithoutTraces(logging.Filter):
    """RQ writes a failed job's traceback into its line, message and all."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Have the traceback told as ours are."""
        if "exception raised while executing" in str(record.msg):
            record.msg = "job_failed"
            record.args = ()
            record.exc_info = sys.exc_info()
        return True


def main() -> None:
    """Work on the one queue that the command line names, until told to stop."""
    queue = sys.argv[1] if len(sys.argv) == 2 else ""
    if queue not in (LIVE, BACKGROUND):
        sys.exit(f"usage: python -m receiver.worker {LIVE}|{BACKGROUND}")
    try:
        config = Config.from_environment()
        logs.configure(config.log_format)
        sentry.start(config.sentry_dsn, __version__)
        jobs.services()
        # RQ sets its own time-outs on the connection it waits on
        connection = connect(config)
    except InvalidSettings as error:
        sys.exit(str(error))
    own: dict[str, Any] = {"job_class": OwnJob, "serializer": OnlyData}
    worker = PatientWorker(
        [Queue(queue, connection=connection, **own)],
        connection=connection,
        log_job_description=False,
        **own,
    )
    worker.log.addFilter(WithoutTraces())
    worker.work(logging_level="WARNING")


if __name__ == "__main__":
    main()

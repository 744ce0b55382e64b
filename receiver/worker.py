"""A worker process: `python -m receiver.worker live` (or `background`).

It imports the application once and does not fork: a process forked for each wake-up
could not keep its connection to Roistat alive, and would import everything again.
"""

import sys

from rq import Queue, SimpleWorker

from receiver import jobs, logs
from receiver.bootstrap import BACKGROUND, LIVE, connect
from receiver.config import Config
from receiver.errors import InvalidSettings


class PatientWorker(SimpleWorker):
    """RQ's worker, which looks for a Redis that was away every two seconds at least."""

    max_connection_wait_time = 2.0


def main() -> None:
    """Work on the one queue that the command line names, until told to stop."""
    queue = sys.argv[1] if len(sys.argv) == 2 else ""
    if queue not in (LIVE, BACKGROUND):
        sys.exit(f"usage: python -m receiver.worker {LIVE}|{BACKGROUND}")
    try:
        config = Config.from_environment()
        logs.configure(config.log_format)
        jobs.services()
        # RQ sets its own time-outs on the connection it waits on
        connection = connect(config)
    except InvalidSettings as error:
        sys.exit(str(error))
    worker = PatientWorker(
        [Queue(queue, connection=connection)],
        connection=connection,
        log_job_description=False,
    )
    worker.work(logging_level="WARNING")


if __name__ == "__main__":
    main()

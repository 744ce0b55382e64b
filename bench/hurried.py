"""`python -m bench.hurried live`: a worker for whose budget an hour is a minute."""

from functools import partial

from receiver import jobs, worker
from receiver.bootstrap import bootstrap

HOUR = 60  # seconds

if __name__ == "__main__":
    jobs.bootstrap = partial(bootstrap, hour=HOUR)
    worker.main()

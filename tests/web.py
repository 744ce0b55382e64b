"""One web process as in production, on a port of its own."""

import subprocess
import sys
import time
from contextlib import contextmanager

import requests

from tests.leads import KEY
from tests.processes import environment, eventually, free_port


@contextmanager
def web(conf, redis_url, directory, **settings):
    """Gunicorn by the settings of the module `conf`, with one worker; gives its port
    and its process.
    """
    port = free_port()
    arguments = ("--config", f"python:{conf}", "--workers", "1")
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", *arguments, "receiver:create_app()"],
        env=environment(
            REDIS_URL=redis_url,
            PORT=port,
            LEADS_KEY=KEY,
            STORE_DURABLE="yes",
            **settings,
        ),
        cwd=directory,
    )
    try:
        eventually(lambda: seconds_to_answer(port) < 5)
        yield port, process
        process.terminate()
        process.wait(15)
    finally:
        process.kill()
        process.wait()


def seconds_to_answer(port, path="healthz"):
    """How long an answer took."""
    began = time.monotonic()
    url = f"http://127.0.0.1:{port}/{path}"
    assert requests.get(url, timeout=10).status_code == 200
    return time.monotonic() - began

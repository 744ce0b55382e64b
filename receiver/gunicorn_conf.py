"""Gunicorn's settings: `gunicorn --config python:receiver.gunicorn_conf`.

Gunicorn itself reads PORT and WEB_CONCURRENCY from the environment.
"""

worker_class = "gthread"
threads = 2  # more of them accept no faster, and hand the interpreter about
keepalive = 75
control_socket_disable = True  # it would leave a file in the home directory
graceful_timeout = 8  # a host gives ten seconds from SIGTERM to SIGKILL
loglevel = "warning"

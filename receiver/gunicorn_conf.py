"""Gunicorn's settings: `gunicorn --config python:receiver.gunicorn_conf`.

Gunicorn itself reads PORT and WEB_CONCURRENCY from the environment.
"""

worker_class = "gthread"
threads = 4
keepalive = 75
control_socket_disable = True  # it would leave a file in the home directory
graceful_timeout = 8  # a host gives ten seconds from SIGTERM to SIGKILL
loglevel = "warning"

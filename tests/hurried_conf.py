"""Gunicorn's settings as in production, but with few threads and less patience."""

from receiver import gunicorn_conf
from receiver.gunicorn_conf import *  # noqa: F403


class Hurried(gunicorn_conf.worker_class):
    first_seconds = 1.0
    read_seconds = 1.0


worker_class = Hurried
threads = 2

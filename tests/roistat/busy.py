"""A process of ours that calls Roistat as fast as the budget lets it.

`python -m tests.roistat.busy REDIS_URL ROISTAT_URL SECONDS KIND`
"""

import random
import sys
import time

import redis
import requests

from receiver.errors import BudgetExhausted
from receiver.roistat.budget import Budget
from receiver.roistat.client import RoistatClient

send = requests.Session.send


def late_send(*args, **options):
    """What was permitted at one moment arrives at some other."""
    time.sleep(random.choice((0, 0, random.uniform(0, 0.4))))
    return send(*args, **options)


def main():
    redis_url, url, seconds, kind = sys.argv[1:]
    requests.Session.send = late_send
    budget = Budget(redis.Redis.from_url(redis_url), per_second=8, per_hour=2000)
    client = RoistatClient(f"{url}/api/v1", "key", "12345", budget).drawing(kind)
    deadline, tried = time.monotonic() + float(seconds), 0
    while time.monotonic() < deadline:
        try:
            client.statuses() if tried % 5 else client.list_orders()
        except BudgetExhausted as error:
            if error.code:
                sys.exit(f"Roistat answered {error.code}")
            time.sleep(min(error.wait, 0.2))
        tried += 1


if __name__ == "__main__":
    main()

"""A short run; a long one goes by hand (see run)."""

import os

import pytest

from tests.fuzz.run import run


@pytest.mark.timeout(120)
def test_whatever_is_sent_is_answered_from_the_table(redis_client, valkey):
    seed = int.from_bytes(os.urandom(4))
    report = run(valkey.connection_url, 100_000, seed, seconds=5)
    assert report.wrong == [], f"seed {seed}"
    assert report.inputs > 200, "hardly anything was sent"
    accepted = report.answers["webhooks 202"] + report.answers["leads 200"]
    assert accepted > report.inputs / 10, "hardly anything was good enough to be taken"

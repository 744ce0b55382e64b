"""Connecting: the addresses that hosts give."""

from dataclasses import replace

import pytest

from receiver.bootstrap import bootstrap, connect
from receiver.errors import InvalidSettings


def tls_of(config):
    return connect(config).connection_pool.connection_kwargs


def test_a_certificate_that_nobody_signed_is_accepted_only_when_told(config):
    secure = replace(config, redis_url="rediss://:pw@redis.example:6380/0")
    assert "ssl_cert_reqs" not in tls_of(secure)
    trusting = tls_of(replace(secure, redis_tls_verify=False))
    assert (trusting["ssl_cert_reqs"], trusting["ssl_check_hostname"]) == (
        "none",
        False,
    )


@pytest.mark.parametrize("url", [None, "http://x", "redis.example:6379"])
def test_an_address_that_is_none_is_an_error_by_name(config, url):
    with pytest.raises(InvalidSettings, match="REDIS_URL"):
        bootstrap(replace(config, redis_url=url))

"""The start refuses a Redis that could lose leases unnoticed; one that is away does not block it."""

from collections.abc import Iterator

import pytest
from django.core.exceptions import ImproperlyConfigured
from redis import Redis

from coditect import redis
from tests.licenses.outage import redis_away


@pytest.fixture
def server() -> Iterator[Redis]:
    """The tests' own Redis; its policy and its users are put back."""
    yield redis.client
    redis.client.config_set("maxmemory-policy", "noeviction")
    redis.client.acl_deluser("limited")


class TestStart:
    def test_accepts_a_redis_that_evicts_nothing(self, server: Redis) -> None:
        redis.refuse_unfit_server()

    @pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-ttl"])
    def test_refuses_one_that_evicts(self, server: Redis, policy: str) -> None:
        server.config_set("maxmemory-policy", policy)
        with pytest.raises(ImproperlyConfigured, match=f"REDIS_URL .* {policy}; leases need noeviction"):
            redis.refuse_unfit_server()

    def test_refuses_a_user_without_info(self, server: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
        server.acl_setuser("limited", enabled=True, nopass=True, keys=["*"], commands=["+@all", "-info"])
        options = redis.client.connection_pool.connection_kwargs
        limited = Redis(host=options["host"], port=options["port"], username="limited", password="any")
        monkeypatch.setattr(redis, "client", limited)
        with pytest.raises(ImproperlyConfigured, match=r"\+info"):
            redis.refuse_unfit_server()
        limited.close()

    def test_does_not_wait_for_one_that_is_away(self) -> None:
        with redis_away():
            redis.refuse_unfit_server()

"""The embedded Valkey."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from coditect.local.errors import LocalError
from coditect.local.valkey import Valkey


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    valkey = Valkey(tmp_path_factory.mktemp('it\'s a "path" \\ with spaces') / "server")
    valkey.start()
    yield valkey
    valkey.stop()


@pytest.fixture
def client(server: Valkey) -> Iterator[redis.Redis]:
    server.start()
    with redis.from_url(server.url, decode_responses=True) as connected:
        yield connected


class TestStart:
    def test_accepts_connections_at_once(self, client: redis.Redis) -> None:
        assert client.ping()

    def test_never_evicts_and_writes_everything_down(self, client: redis.Redis) -> None:
        settings = client.config_get("*")
        assert settings["maxmemory-policy"] == "noeviction"
        assert settings["appendonly"] == "yes"
        assert settings["appendfsync"] == "everysec"

    def test_listens_on_the_loopback_address_only(self, client: redis.Redis) -> None:
        assert client.config_get("bind") == {"bind": "127.0.0.1"}

    def test_wants_the_password(self, server: Valkey, client: redis.Redis) -> None:
        with (
            redis.Redis(host="127.0.0.1", port=server.port, retry=Retry(NoBackoff(), 0)) as stranger,
            pytest.raises(redis.AuthenticationError),
        ):
            stranger.ping()

    def test_keeps_its_files_to_itself(self, server: Valkey) -> None:
        assert (server.directory / "valkey.conf").stat().st_mode & 0o777 == 0o600
        assert (server.directory / "password").stat().st_mode & 0o777 == 0o600
        assert server.directory.stat().st_mode & 0o777 == 0o700


class TestStopAndKill:
    def test_keep_what_was_written(self, server: Valkey, client: redis.Redis) -> None:
        url = server.url
        client.set("kept", "1")
        server.kill()
        server.restart()
        assert client.incr("kept") == 2
        server.stop()
        assert not server.is_running
        server.start()
        assert client.get("kept") == "2"
        assert server.url == url


class TestRefusal:
    def test_a_port_in_use(self, tmp_path: Path, taken_port: int) -> None:
        with pytest.raises(LocalError, match=f"Port {taken_port}, meant for Valkey, is taken"):
            Valkey(tmp_path, port=taken_port).start()

    def test_a_second_server_on_one_directory(self, server: Valkey, client: redis.Redis) -> None:
        second = Valkey(server.directory)
        second.predecessor_seconds = 0.1
        with pytest.raises(LocalError, match="Another Valkey is still running"):
            second.start()

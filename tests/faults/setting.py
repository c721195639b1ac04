"""The services that the faults are injected into, with a proxy between the web and Redis, and clocks to be moved."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from coditect.local.options import ROOT
from tests.faults import clocks
from tests.faults.proxy import Proxy
from tests.live import Live

SWEEPER = """
import django
django.setup()
from licenses.services.expire import sweep_sessions
while True:
    print(sweep_sessions(), flush=True)
"""


class Setting:
    """Web, worker and beat of the product; the web reaches Redis through a proxy."""

    def __init__(self, directory: Path, *, ttl: int, prepared: Path | None = None) -> None:
        self.live = Live(
            directory, prepared=prepared, RATE_LIMIT_FACTOR="0", SEAT_TTL_SECONDS=str(ttl), WEB_THREADS="12"
        )
        self.proxy = Proxy(self.live.valkey.port)
        self.clocks = clocks.Clocks(directory)
        through = self.live.valkey.url.replace(f":{self.live.valkey.port}/", f":{self.proxy.port}/")
        self.live.set_environment(REDIS_URL=through)

    def start(self, *, with_clocks: bool = False) -> None:
        """Start everything; with clocks that can be moved, or with the machine's."""
        if with_clocks:
            self._take_clocks()
        self.live.start()
        self.live.worker.launch()
        self.live.beat.launch()

    def restart_with_clocks(self) -> None:
        """Start everything again with clocks that can be moved: they cannot be lent to a running process."""
        self.live.stop()
        self.start(with_clocks=True)

    def _take_clocks(self) -> None:
        self.clocks.set_right()
        self.live.set_environment(**self.clocks.web.env)
        for server, clock in ((self.live.postgres, self.clocks.postgres), (self.live.valkey, self.clocks.redis)):
            with clock.inherited():
                server.start()

    def mend(self) -> None:
        """Bring back whatever a fault left dead, and set the clocks right."""
        if self.clocks.web.path.exists():
            was_off = self.clocks.web.ahead
            self.clocks.set_right()
            # A token given by a clock that is still ahead would be of the future.
            time.sleep(self.clocks.web.cached_seconds if was_off else 0)
        for server in (self.live.postgres, self.live.valkey):
            if not server.is_running:
                server.start()
        if not self.live.web.is_running:
            self.live.start_web()
        for program in (self.live.worker, self.live.beat):
            if not program.is_running:
                program.launch()

    def stop(self) -> None:
        """Stop everything."""
        self.live.stop()
        self.proxy.close()

    @contextmanager
    def sweeping(self) -> Iterator[None]:
        """Another process that sweeps again and again, as too many beats would, until it is killed in the middle."""
        env = {**self.live.env, "DJANGO_SETTINGS_MODULE": "coditect.settings"}
        sweeper = subprocess.Popen([sys.executable, "-c", SWEEPER], cwd=ROOT, env=env, stdout=subprocess.PIPE)
        try:
            assert sweeper.stdout is not None
            assert sweeper.stdout.readline(), "the sweeper did not start"
            yield
        finally:
            sweeper.kill()
            sweeper.communicate()

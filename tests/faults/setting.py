"""The services that the faults are injected into, with a proxy between the web and Redis."""

import subprocess
import sys
import threading
from pathlib import Path

from coditect.local.options import ROOT
from tests.faults.proxy import Proxy
from tests.live import Live

SWEEP = "import django; django.setup(); from licenses.services.expire import sweep_sessions; sweep_sessions()"


class Setting:
    """Web, worker and beat of the product; the web reaches Redis through a proxy."""

    def __init__(self, directory: Path, *, ttl: int) -> None:
        self.live = Live(directory, RATE_LIMIT_FACTOR="0", SEAT_TTL_SECONDS=str(ttl), WEB_THREADS="12")
        self.proxy = Proxy(self.live.valkey.port)
        through = self.live.valkey.url.replace(f":{self.live.valkey.port}/", f":{self.proxy.port}/")
        self.live.set_environment(REDIS_URL=through)

    def start(self) -> None:
        """Start everything."""
        self.live.start()
        self.live.worker.launch()
        self.live.beat.launch()

    def mend(self) -> None:
        """Bring back whatever a fault left dead."""
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

    def sweep_until(self, stop: threading.Event) -> None:
        """Sweep again and again, as too many beats would."""
        while not stop.is_set():
            subprocess.run(
                [sys.executable, "-c", SWEEP],
                cwd=ROOT,
                env={**self.live.env, "DJANGO_SETTINGS_MODULE": "coditect.settings"},
                check=False,
                capture_output=True,
            )

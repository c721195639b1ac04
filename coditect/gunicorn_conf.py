"""How gunicorn serves the API, in development and in production alike; sizes come from the environment."""

import ctypes
import os
import signal
import sys
from collections import Counter
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 (a mount of the kernel, asked before it is used)  # nosec B108

bind = os.environ.get("BIND") or f"127.0.0.1:{os.environ.get('PORT') or 8000}"
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
threads = int(os.environ.get("WEB_THREADS") or 4)
# Whether each worker stays on one processor, as with nginx's worker_cpu_affinity: one of its threads runs at a time,
# and handing over to one on another costs a good part of an answer.
_is_pinned = bool(int(os.environ.get("WEB_CPU_AFFINITY") or 0)) and hasattr(os, "sched_setaffinity")
# One import of the code for all workers: half the start-up work, and shared memory.
preload_app = True

# gunicorn would otherwise believe X-Forwarded-Proto from 127.0.0.1; the settings decide which proxies to trust.
forwarded_allow_ips = ""
limit_request_line = 8190
limit_request_fields = 100
limit_request_field_size = 8190

timeout = 30
graceful_timeout = int(os.environ.get("WEB_GRACEFUL_TIMEOUT") or 20)
keepalive = 5
accesslog = None
errorlog = "-"
# A socket in the home directory through which the server can be steered: nothing here uses it.
control_socket_disable = True
umask = 0o077
if os.access(_SHARED_MEMORY, os.W_OK):
    # On a busy disk the workers' heartbeat files may block them until they are taken for dead.
    worker_tmp_dir = str(_SHARED_MEMORY)


def on_starting(_server: Any) -> None:
    """Refuse a Redis that could lose leases without anybody noticing."""
    from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415 (needs the loaded application)

    from coditect import redis, wsgi  # noqa: F401, PLC0415 (wsgi loads the application)

    try:
        redis.refuse_unfit_server()
    except ImproperlyConfigured as error:
        sys.exit(f"coditect cannot start: {error}")


def pre_fork(server: Any, worker: Any) -> None:
    """Choose the processor that fewest of the other workers have."""
    if _is_pinned:
        taken = Counter(other.processor for other in server.WORKERS.values())
        worker.processor = min(sorted(os.sched_getaffinity(0)), key=taken.__getitem__)


def post_fork(server: Any, worker: Any) -> None:
    """Keep a worker on its processor, where it has one, and tie it to its master.

    Without a master it would go on answering on a port that nobody supervises.
    """
    if _is_pinned:
        os.sched_setaffinity(0, {worker.processor})
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != server.pid:
            os._exit(1)


def post_worker_init(_worker: Any) -> None:
    """Start each worker's upkeep of the seats; threads do not survive the fork, so not before."""
    from licenses.services.repair import start_pulse  # noqa: PLC0415 (needs the loaded application)

    start_pulse()

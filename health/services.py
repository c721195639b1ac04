"""What health looks at. Only the database is needed to serve; everything else degrades."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import Error as DatabaseError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from coditect.redis import RedisUnavailable, ask
from health.models import WorkerNote
from licenses.models import SeatVerification

WORKER_SILENCE = timedelta(seconds=35)
# The processes that work on Celery's queues, and the number of each one's note.
NOTES = {"worker": 1, "deliverer": 2}


@dataclass
class Readiness:
    """What each part says, which parts are degraded, and why we cannot serve if we cannot."""

    checks: dict[str, str] = field(default_factory=dict)
    degraded: list[str] = field(default_factory=list)
    error: str = ""

    @property
    def is_ready(self) -> bool:
        """Whether requests can be served."""
        return not self.error


def check_readiness(*, now: datetime) -> Readiness:
    """Look at every part; each answers within its own time-out."""
    readiness = Readiness()
    _check_database(readiness)
    _check_redis(readiness)
    if readiness.is_ready:
        _check_workers(readiness, now)
        _check_seats(readiness)
    return readiness


def note_worker(*, now: datetime, name: str = "worker") -> None:
    """The worker, or the deliverer, is alive."""
    WorkerNote.objects.update_or_create(pk=NOTES[name], defaults={"seen_at": now})


def _check_database(readiness: Readiness) -> None:
    try:
        is_migrated = _is_migrated()
    except DatabaseError:
        readiness.checks["database"] = "unreachable"
        readiness.error = "The database does not answer."
        return
    readiness.checks["database"] = "connected" if is_migrated else "not migrated"
    if not is_migrated:
        readiness.error = "The database lacks migrations: run `manage.py migrate`."


def _is_migrated() -> bool:
    """Compare the migrations on disk with those applied."""
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def _check_redis(readiness: Readiness) -> None:
    try:
        ask(lambda redis: redis.ping())
    except RedisUnavailable:
        readiness.checks["redis"] = "unreachable"
        readiness.degraded.append("redis")
    else:
        readiness.checks["redis"] = "connected"


def _check_workers(readiness: Readiness, now: datetime) -> None:
    seen_at = dict(WorkerNote.objects.values_list("pk", "seen_at"))
    for name, number in NOTES.items():
        if number in seen_at and now - seen_at[number] < WORKER_SILENCE:
            readiness.checks[name] = "alive"
        else:
            readiness.checks[name] = "silent"
            readiness.degraded.append(name)


def _check_seats(readiness: Readiness) -> None:
    oversold = SeatVerification.objects.values_list("oversold", flat=True).first()
    readiness.checks["seats"] = {None: "unverified", 0: "sound"}.get(oversold, "oversold")
    if oversold:
        readiness.degraded.append("seats")

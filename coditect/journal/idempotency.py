"""Answers kept for a day, so that a request that is sent again does not happen again.

A key is claimed, used and filled in one transaction, that of the request's effect: there is no moment at which one of
the two is stored without the other, whatever dies in between.

Where the effect is another server's, no transaction may wait for it. Then the key is held by the connection alone, and
who dies in between has the request asked anew: of what they had begun they leave a record of their own.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import OperationalError, connection
from psycopg.errors import LockNotAvailable

from coditect.encryption import decrypt, encrypt
from coditect.errors import Conflict
from coditect.journal.models import IdempotencyRecord

KEPT = timedelta(hours=24)
# A twin that still runs holds the row: this waits for it, for as long as the database's lock_timeout.
CLAIM = """
INSERT INTO journal_idempotencyrecord AS record (scope_hash, sealed, created_at)
VALUES (%(scope_hash)s, '', %(now)s)
ON CONFLICT (scope_hash) DO UPDATE SET sealed = '', created_at = excluded.created_at
WHERE record.created_at <= %(forgotten)s
RETURNING scope_hash
"""


class IdempotencyInProgress(Conflict):
    """A request with this key still runs."""

    code = "idempotency_in_progress"
    message = "A request with this Idempotency-Key is still running. Send it again in a moment."


def claim(scope_hash: str, *, now: datetime) -> str | None:
    """Take a key until the end of the transaction at hand; the answer that it has already, where there is one.

    Raises IdempotencyInProgress.
    """
    values: dict[str, str | datetime] = {"scope_hash": scope_hash, "now": now, "forgotten": now - KEPT}
    try:
        with connection.cursor() as cursor:
            cursor.execute(CLAIM, values)
            is_ours = cursor.fetchone() is not None
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            raise IdempotencyInProgress from error
        raise
    if is_ours:
        return None
    record = IdempotencyRecord.objects.get(pk=scope_hash)
    return decrypt(record.sealed, context=record.context)


@contextmanager
def held(scope_hash: str) -> Iterator[None]:
    """Keep a key to oneself without a transaction; it is free when the connection is. Raises IdempotencyInProgress."""
    # 64 of the hash's bits, as the signed number that the database takes.
    number = int(scope_hash[:16], 16) - 2**63
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [number])
        if not cursor.fetchone()[0]:
            raise IdempotencyInProgress
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [number])


def kept_answer(scope_hash: str, *, now: datetime) -> str | None:
    """The answer that a key has already, where there is one."""
    record = IdempotencyRecord.objects.filter(pk=scope_hash, created_at__gt=now - KEPT).first()
    return decrypt(record.sealed, context=record.context) if record else None


def keep_answer(scope_hash: str, answer: str) -> None:
    """Seal the answer under the key that this transaction has claimed."""
    record = IdempotencyRecord(scope_hash=scope_hash)
    record.sealed = encrypt(answer, context=record.context)
    record.save(update_fields=["sealed"])


def give_back(scope_hash: str) -> None:
    """Leave no trace of the claim: the key is free for another try."""
    IdempotencyRecord.objects.filter(pk=scope_hash).delete()


def prune_answers(*, now: datetime) -> None:
    """Forget answers that nobody may ask for any more."""
    IdempotencyRecord.objects.filter(created_at__lte=now - KEPT).delete()

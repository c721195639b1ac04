"""Answers kept for a day, so that a request that is sent again does not happen again.

A key is claimed, used and filled in one transaction, that of the request's effect: there is no moment at which one of
the two is stored without the other, whatever dies in between.
"""

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

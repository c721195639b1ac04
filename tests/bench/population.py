"""Fills a server with live sessions, ten per license.

Writes `sessions.txt` (session, user, token) with one session of each license, `fresh.txt` with more tokens than a
process remembers, and `licenses.txt` with the keys of licenses whose seats are free.
"""

import json
import random
import secrets
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models, transaction
from django.utils import timezone
from rest_framework_simplejwt.tokens import AccessToken

from accounts.models import User
from accounts.tokens import new_access_token
from coditect.redis import client
from licenses import keys, leases
from licenses.models import License, SeatSession
from licenses.services.seats import ttl
from tests.bench.layout import FREE_LICENSES, SEATS
from tests.factories import make_person

USERS = 1000
BATCH = 1000
FRESH_TOKENS = 5000
TOKEN_LIFETIME = timedelta(hours=12)


def main(sessions: str) -> None:
    """Fill, and let the servers settle."""
    AccessToken.lifetime = TOKEN_LIFETIME
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
    owner = make_person()
    users = [User(email=f"bench-{number}@example.com", password="!", full_name="Bench") for number in range(USERS)]
    User.objects.bulk_create(users)
    holders = [user.pk for user in users]
    held = list(hold(owner.organization.pk, holders, int(sessions) // SEATS))
    free = [new_license(owner.organization.pk, timezone.now()) for _ in range(FREE_LICENSES)]
    copy(free)
    # As after any earlier session, so that an acquire need not first write a license's leases anew.
    for license in free:
        leases.seed(license, [], now=timezone.now())
    tokens = {user_id: new_token(user_id) for user_id in holders}
    write("sessions.txt", (f"{session} {user_id} {tokens[user_id]}" for session, user_id in held))
    repeated = (held[number % len(held)] for number in range(FRESH_TOKENS))
    write("fresh.txt", (f"{session} {user_id} {new_token(user_id)}" for session, user_id in repeated))
    write("licenses.txt", [str(owner.user_id), owner.token, *(license.key_string for license in free)])
    settle()


def hold(organization_id: UUID, users: Sequence[UUID], licenses: int) -> Iterator[tuple[UUID, UUID]]:
    """Make licenses whose seats are all held, in the record and in Redis; tells one session and its user of each."""
    for start in range(0, licenses, BATCH):
        now = timezone.now()
        batch = [new_license(organization_id, now) for _ in range(min(BATCH, licenses - start))]
        held = [[new_session(license, slot, users, now) for slot in range(1, SEATS + 1)] for license in batch]
        with transaction.atomic():
            copy(batch)
            copy([session for sessions in held for session in sessions])
        for license, sessions in zip(batch, held, strict=True):
            leases.seed(license, sessions, now=timezone.now())
            chosen = random.choice(sessions)
            yield chosen.pk, chosen.user_id


def new_license(organization_id: UUID, now: datetime) -> License:
    """A license, not yet stored."""
    key = keys.generate(environment="development", year=now.year)
    return License(
        organization_id=organization_id,
        key_string=key,
        key_normalized=keys.normalize(key),
        tier="pro",
        max_seats=SEATS,
        created_at=now,
    )


def new_session(license: License, slot: int, users: Sequence[UUID], now: datetime) -> SeatSession:
    """A session, not yet stored, with a hardware id of 32 characters as the published clients make them."""
    return SeatSession(
        id=leases.new_session_id(license.lease_group),
        license_id=license.pk,
        user_id=random.choice(users),
        hardware_id=secrets.token_hex(16),
        slot=slot,
        ip_address="127.0.0.1",
        client_version="1.0.0",
        started_at=now,
        expires_at=now + ttl(),
    )


def new_token(user_id: UUID) -> str:
    """An access token of some login session; a heartbeat does not ask for it."""
    return new_access_token(user_id=user_id, login_session_id=uuid4())


def copy(rows: Sequence[models.Model]) -> None:
    """Store rows by COPY."""
    meta = rows[0]._meta
    columns = ", ".join(str(field.column) for field in meta.concrete_fields)
    lines = ["\t".join([as_text(row, field) for field in meta.concrete_fields]) for row in rows]
    with connection.cursor() as cursor, cursor.copy(f"COPY {meta.db_table} ({columns}) FROM STDIN") as table:
        table.write("\n".join(lines))


def as_text(row: models.Model, field: "models.Field[Any, Any]") -> str:
    """A value in COPY's text form; ours contain nothing that would have to be escaped."""
    value = row.__dict__[field.attname]
    if value is None:
        return "\\N"
    if isinstance(field, ArrayField):
        return f"{{{','.join(value)}}}"
    return json.dumps(value) if isinstance(value, list | dict) else str(value)


def write(name: str, lines: Iterable[str]) -> None:
    """Write a file of lines for the process that measures."""
    Path(settings.DATA_DIR, name).write_text("\n".join(lines), encoding="ascii")


def settle() -> None:
    """Have statistics for the planner, and the append-only file rewritten now rather than while we measure."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    client.bgrewriteaof()
    while client.info("persistence")["aof_rewrite_in_progress"]:
        time.sleep(0.1)

"""A year of sessions, made up by PostgreSQL itself."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from accounts.models import Organization
from licenses.models import License, SeatSession
from tests.usage_scale.clock import timed

YEAR = timedelta(days=365)
END = datetime(2026, 11, 1, tzinfo=UTC)
DENIALS = 200_000
# Left out while rows come in, since each of them takes longer to keep up to date than to make anew.
INDEXES = """
SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'licenses_seatsession' AND indexname NOT LIKE '%%pkey'
"""
USERS = """
INSERT INTO accounts_user (id, password, is_superuser, is_staff, is_active, email, full_name, created_at)
SELECT gen_random_uuid(), '', false, false, true, 'user-' || n || '@example.com', 'User', now()
FROM generate_series(1, %(users)s) n
"""
# Two hours on average; 4 of 5 are released, the others run out, and are found 30 s later.
SESSIONS = """
WITH person AS (SELECT array_agg(id) AS ids FROM accounts_user), life AS (
    SELECT n, %(begin)s + (n + random()) * (%(year)s / %(sessions)s) AS started_at,
           LEAST(-ln(1 - random()) * 7200, 86400) * interval '1 second' AS length,
           1 + floor(random() * %(users)s)::int AS who, random() < 0.8 AS is_released
    FROM generate_series(0, %(sessions)s - 1) n
)
INSERT INTO licenses_seatsession (id, license_id, user_id, hardware_id, slot, client_version, metadata,
                                  started_at, expires_at, ended_at, end_reason)
SELECT gen_random_uuid(), %(license)s, person.ids[who], md5('machine ' || who || n %% 3), 1, '', '{}',
       started_at, started_at + length, started_at + length + CASE WHEN is_released THEN '0' ELSE '30 s' END::interval,
       CASE WHEN is_released THEN 'released' ELSE 'expired' END
FROM life CROSS JOIN person
"""
REFUSALS = """
INSERT INTO journal_event (id, type, at, organization_id, subject_type, subject_id, request_id, data)
SELECT gen_random_uuid(), 'license.seat.denied', %(begin)s + n * (%(year)s / %(denials)s), %(organization)s,
       'license', %(license)s, '', '{}'
FROM generate_series(0, %(denials)s - 1) n
"""


def fill(*, sessions: int, users: int) -> License:
    """A license that was used for a year."""
    now = timezone.now()
    organization = Organization.objects.create(name="Acme Inc", slug="acme", created_at=now)
    license = License.objects.create(
        organization=organization,
        key_string="TEST-SCALE",
        key_normalized="TESTSCALE",
        tier="enterprise",
        max_seats=100_000,
        created_at=END - YEAR,
    )
    values: dict[str, Any] = {
        "license": license.pk,
        "organization": organization.pk,
        "users": users,
        "sessions": sessions,
        "denials": DENIALS,
        "begin": END - YEAR,
        "year": YEAR,
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "SET statement_timeout = 0; SET session_replication_role = replica; SET max_parallel_workers = 0"
        )
        cursor.execute("SET maintenance_work_mem = '512MB'; SET idle_in_transaction_session_timeout = 0")
        cursor.execute(INDEXES)
        indexes = cursor.fetchall()
        cursor.execute("; ".join(f'DROP INDEX "{name}"' for name, _ in indexes))
        with timed(f"{sessions:,} sessions"):
            cursor.execute(USERS, values)
            cursor.execute(SESSIONS, values)
            cursor.execute(REFUSALS, values)
        for name, definition in indexes:
            with timed(f"index {name}"):
                cursor.execute(definition)
        with timed("analyze"):
            cursor.execute("VACUUM ANALYZE licenses_seatsession")
            cursor.execute("ANALYZE")
    connection.close()
    assert SeatSession.objects.filter(license=license).exists()
    return license

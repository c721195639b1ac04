"""`manage.py verify_seats`: prove from the record that no seat was ever sold twice, and compare Redis with it."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from licenses.management.days import read_day
from licenses.services.verify import verify_seats


class Command(BaseCommand):
    """See the module."""

    help = "Prove from the record that no license ever had more live sessions than seats; compare Redis with it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How far back, and whether to repair."""
        parser.add_argument("--since", help="leave out sessions that ended before this day, such as 2026-01-31 (UTC)")
        parser.add_argument("--repair", action="store_true", help="give every live session its lease in Redis")

    def handle(self, *_: Any, since: str | None, repair: bool, **__: Any) -> None:
        """Print what was found. Exit code 1 where a seat was sold twice."""
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")
        found = verify_seats(repair=repair, since=read_day("--since", since))
        self.stdout.write(f"licenses with live sessions: {found.licenses}")
        if found.is_redis_away:
            self.stdout.write("Redis does not answer: not compared")
        self.stdout.write(f"licenses that Redis does not know: {found.unseeded}")
        self.stdout.write(f"sessions without a lease: {sum(found.without_lease.values())}")
        self.stdout.write(f"leases without a session: {sum(found.without_session.values())}")
        if repair:
            self.stdout.write("repaired")
        for sale in found.oversold:
            self.stdout.write(f"OVERSOLD license {sale.license_id} at {sale.at}: {sale.held} of {sale.seats}")
        if not found.is_sound:
            raise CommandError(f"{len(found.oversold)} times a seat was sold twice.")
        self.stdout.write("no seat was ever sold twice")

"""The journal as a Django app."""

from typing import Any

from django.apps import AppConfig
from django.db import connection
from django.db.models.signals import pre_migrate


class JournalConfig(AppConfig):
    """See the package."""

    name = "coditect.journal"

    def ready(self) -> None:
        """Let migrations take their time, and say which column is encrypted."""
        from coditect import encryption
        from coditect.journal.models import IdempotencyRecord

        encryption.register(encryption.EncryptedColumn(IdempotencyRecord, "sealed", lambda record: record.context))
        pre_migrate.connect(lift_time_limits, dispatch_uid="journal.lift_time_limits")


def lift_time_limits(**_: Any) -> None:
    """The limits that keep requests short must not cut a migration of a large table."""
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0; SET lock_timeout = '30s'")

"""What a request leaves in the database: all rows of all tables, without what differs between any two requests."""

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cache

from django.db import connection

UNCHANGING = {"django_migrations", "django_content_type", "auth_permission"}
# Drawn or counted anew each time.
DRAWN = re.compile(
    r'"(\w*hash|password|\w*secret|key_string|key_normalized|prefix|slug|\w*ending|request_id|last_step|number'
    r'|position)": ?("[^"]*"|\d+)'
)
SERIAL = re.compile(r'"id": ?\d+')
IDENTITY = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[+-]\d\d:\d\d|Z)?")
RANDOM_TEXT = re.compile(r"[0-9a-f]{10,}")


@cache
def _everything() -> str:
    with connection.cursor() as cursor:
        tables = sorted(set(connection.introspection.table_names(cursor)) - UNCHANGING)
    # Names of our own schema, not of a client.
    return " UNION ALL ".join(f"SELECT '{table}', row_to_json(t)::text FROM \"{table}\" t" for table in tables)  # noqa: S608 (our own tables)


@dataclass
class Rows:
    """Takes pictures of the database that can be compared.

    Ids that were there at first, and those in `known`, stay as they are; later ones are only "new". Of moments it keeps
    the century: far enough apart for what a test plants.
    """

    known: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.known |= set(IDENTITY.findall(json.dumps(_read())))

    def picture(self) -> Counter[tuple[str, str]]:
        """All rows."""
        return Counter((table, self._settled(text)) for table, text in _read())

    def _settled(self, text: str) -> str:
        text = IDENTITY.sub(lambda found: found[0].upper() if found[0] in self.known else "NEW", text)
        for pattern, instead in ((DRAWN, r"\1"), (SERIAL, "id"), (RANDOM_TEXT, "RANDOM")):
            text = pattern.sub(instead, text)
        return MOMENT.sub(lambda found: found[0][:2], text)


def _read() -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(_everything())
        rows: list[tuple[str, str]] = cursor.fetchall()
    return rows

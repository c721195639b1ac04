"""Where the objects are kept: one SQLite file, whole after any kill, or memory."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Json = dict[str, Any]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS object (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL,
    due INTEGER, clock TEXT
);
CREATE INDEX IF NOT EXISTS object_by_kind ON object (kind, number);
CREATE INDEX IF NOT EXISTS object_by_customer ON object (kind, json_extract(body, '$.customer'));
CREATE INDEX IF NOT EXISTS object_by_invoice ON object (kind, json_extract(body, '$.invoice'));
CREATE INDEX IF NOT EXISTS object_by_due ON object (clock, due) WHERE due IS NOT NULL;
CREATE TABLE IF NOT EXISTS answer (
    key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL, created REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS delivery (
    number INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL, endpoint TEXT NOT NULL, due REAL NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, state TEXT NOT NULL DEFAULT 'pending', note TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS delivery_by_due ON delivery (state, due);
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


class Store:
    """Objects as JSON by id, and what belongs to them. One thread at a time: the caller holds a lock."""

    def __init__(self, path: Path | None, *, due_of: Callable[[Json], int | None]) -> None:
        self._due_of = due_of
        self.connection = sqlite3.connect(path or ":memory:", isolation_level=None, check_same_thread=False)
        # A killed process loses nothing that was committed; only a power cut could, and this is a developer's machine.
        self.connection.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; {_SCHEMA}")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; inside another one, a part that can be undone by itself."""
        is_outermost = not self.connection.in_transaction
        self.connection.execute("BEGIN IMMEDIATE" if is_outermost else "SAVEPOINT part")
        try:
            yield
        except BaseException:
            if is_outermost:
                self.connection.execute("ROLLBACK")
            else:
                self.connection.execute("ROLLBACK TO part")
                self.connection.execute("RELEASE part")
            raise
        self.connection.execute("COMMIT" if is_outermost else "RELEASE part")

    @property
    def version(self) -> tuple[int, int]:
        """Another one after every change, here or by another process."""
        (elsewhere,) = self.connection.execute("PRAGMA data_version").fetchone()
        return self.connection.total_changes, elsewhere

    def get(self, id: str) -> Json | None:
        row = self.connection.execute("SELECT body FROM object WHERE id = ?", [id]).fetchone()
        return json.loads(row[0]) if row else None

    def insert(self, body: Json) -> None:
        self.connection.execute(
            "INSERT INTO object (id, kind, body, due, clock) VALUES (?, ?, ?, ?, ?)",
            [body["id"], body["object"], json.dumps(body), self._due_of(body), body.get("test_clock")],
        )

    def save(self, body: Json) -> None:
        self.connection.execute(
            "UPDATE object SET body = ?, due = ?, clock = ? WHERE id = ?",
            [json.dumps(body), self._due_of(body), body.get("test_clock"), body["id"]],
        )

    def delete(self, id: str) -> None:
        self.connection.execute("DELETE FROM object WHERE id = ?", [id])

    def select(self, kind: str, **equals: object) -> list[Json]:
        """All objects of a kind, oldest first, that have these values in these top-level fields."""
        # The names are written in this package, never by a client.
        tests = [f"AND json_extract(body, '$.{name}') IS ?" for name in equals]
        query = " ".join(["SELECT body FROM object WHERE kind = ?", *tests, "ORDER BY number"])
        return [json.loads(row[0]) for row in self.connection.execute(query, [kind, *equals.values()])]

    def next_due(self, *, clock: str | None, until: int) -> tuple[int, Json] | None:
        """The object whose time comes first, and that time; None when nothing happens until then."""
        row = self.connection.execute(
            "SELECT due, body FROM object WHERE clock IS ? AND due <= ? ORDER BY due, number LIMIT 1", [clock, until]
        ).fetchone()
        return (row[0], json.loads(row[1])) if row else None

    def setting(self, name: str, default: Any = None) -> Any:
        row = self.connection.execute("SELECT value FROM setting WHERE name = ?", [name]).fetchone()
        return json.loads(row[0]) if row else default

    def set(self, name: str, value: Any) -> None:
        self.connection.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", [name, json.dumps(value)])

    def close(self) -> None:
        self.connection.close()

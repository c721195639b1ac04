"""A database trigger that fails the Nth INSERT into a table."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

# A sequence counts on where a transaction is rolled back, so that the retry is the N+1st.
BREAK = """
CREATE SEQUENCE inserts_counted;
CREATE FUNCTION fail_nth_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF nextval('inserts_counted') = TG_ARGV[0]::bigint THEN
        RAISE EXCEPTION 'a secret of the database' USING ERRCODE = TG_ARGV[1];
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER fail_nth_insert BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION fail_nth_insert({nth}, '{code}');
"""
MEND = "DROP FUNCTION fail_nth_insert CASCADE; DROP SEQUENCE inserts_counted"
DISK_FULL = "53100"
DEFECT = "P0001"


@contextmanager
def broken_insert(table: str, *, nth: int = 1, code: str = DISK_FULL) -> Iterator[None]:
    """Inside, the Nth row that anybody inserts is refused, and only that one."""
    with connection.cursor() as cursor:
        cursor.execute(BREAK.format(table=table, nth=nth, code=code))
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(MEND)

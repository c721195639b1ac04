"""Work that only one process at a time may do, whichever: locks of PostgreSQL's that end with the transaction."""

from enum import IntEnum

from django.db import connection


class Turn(IntEnum):
    """The numbers mean nothing, but that no other lock of this database has them."""

    DISPATCH = 0x776562680001
    HAND_OUT = 0x776562680002


def take(turn: Turn) -> bool:
    """Whether it is our turn, until the transaction at hand ends; never waits."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [turn])
        (is_ours,) = cursor.fetchone()
    return bool(is_ours)


def await_turn(turn: Turn) -> None:
    """Take it, once whoever has it is through."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [turn])

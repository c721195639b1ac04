"""The world of the tables, for requests with real ids."""

from tests.tables.conftest import world

__all__ = ["world"]

"""The world of the tables, for requests with real ids."""

from tests.tables.conftest import _first_world, world

__all__ = ["_first_world", "world"]

"""The world of the tables, for requests with real ids; and a name server, for those with names in them."""

from tests.tables.conftest import _first_world, world
from tests.webhooks.conftest import name_server

__all__ = ["_first_world", "name_server", "world"]

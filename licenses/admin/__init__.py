"""What administrators see of licenses and seats; what they do goes through the services."""

from licenses.admin import licenses, seats

__all__ = ["licenses", "seats"]

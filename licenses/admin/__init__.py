"""What administrators see of licenses and seats; what they do goes through the services."""

from licenses.admin import batches, licenses, seats, signing

__all__ = ["batches", "licenses", "seats", "signing"]

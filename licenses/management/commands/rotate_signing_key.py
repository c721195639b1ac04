"""`manage.py rotate_signing_key`: a new key signs license files and receipts; the old one's stay verifiable."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from licenses.services.signing_keys import KeyOfEnvironment, rotate_signing_key


class Command(BaseCommand):
    """See the module."""

    help = "Sign license files and receipts with a new key; what the old one signed stays verifiable."

    def handle(self, *_: Any, **__: Any) -> None:
        """Rotate."""
        try:
            key = rotate_signing_key(now=timezone.now())
        except KeyOfEnvironment as error:
            raise CommandError(error.text) from error
        self.stdout.write(f"{key.kid} signs from now on; running servers notice within seconds.")

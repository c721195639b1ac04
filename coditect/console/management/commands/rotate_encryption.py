"""`manage.py rotate_encryption`: after a new key was put first into ENCRYPTION_KEYS, seal everything anew with it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from coditect.encryption import CannotDecrypt, rotate_all


class Command(BaseCommand):
    """See the module."""

    help = "Encrypt every stored secret anew with the first key of ENCRYPTION_KEYS; then the old keys may go."

    def handle(self, *_: Any, **__: Any) -> None:
        """Rotate."""
        try:
            count = rotate_all()
        except CannotDecrypt as error:
            raise CommandError(f"{error} Nothing is lost: put the key back and run this again.") from error
        self.stdout.write(f"{count} secrets are now under the first key.")

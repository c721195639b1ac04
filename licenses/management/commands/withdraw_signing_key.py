"""`manage.py withdraw_signing_key`: a key leaked; what it signed is to be believed no more."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from licenses.services.signing_keys import SigningKeyInUse, SigningKeyNotFound, withdraw_signing_key


class Command(BaseCommand):
    """See the module."""

    help = "Publish a retired signing key no more: what it signed has to be downloaded anew."

    def add_arguments(self, parser: CommandParser) -> None:
        """The key."""
        parser.add_argument("kid", help="the key's id, as the console and /.well-known/jwks.json show it")

    def handle(self, *_: Any, kid: str, **__: Any) -> None:
        """Withdraw it."""
        try:
            withdraw_signing_key(kid=kid, now=timezone.now())
        except (SigningKeyInUse, SigningKeyNotFound) as error:
            raise CommandError(error.text) from error
        self.stdout.write(f"{kid} is published no more; caches forget it within minutes.")

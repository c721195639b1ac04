"""`manage.py revoke_api_token <id>`: take an API token back, at once.

`-` reads the token itself from standard input: on a command line it would be seen by others.
"""

import sys
from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.services.api_tokens import ApiTokenNotFound, find_api_token_id, revoke_any_api_token


class Command(BaseCommand):
    """See the module."""

    help = "Revoke an API token: by its id, or one found where it should not be, by itself."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which."""
        parser.add_argument("token", help="an id, as list_api_tokens shows it; - reads the token from standard input")

    def handle(self, *_: Any, token: str, **__: Any) -> None:
        """Revoke it."""
        try:
            revoke_any_api_token(token_id=self._id(token), now=timezone.now())
        except ApiTokenNotFound as error:
            raise CommandError("No such token, or one that was revoked already.") from error
        self.stdout.write("Revoked.")

    def _id(self, text: str) -> UUID:
        if text == "-":
            return find_api_token_id(sys.stdin.readline().strip())
        try:
            return UUID(text)
        except ValueError as error:
            raise CommandError("Give the token's id, or - and the token on standard input.") from error

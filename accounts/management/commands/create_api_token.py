"""`manage.py create_api_token --email … --name CI --scope read:licenses`: make an API token and print it, this once."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import User, normalize_email
from accounts.scopes import Scope
from accounts.services.api_tokens import create_api_token
from accounts.services.organizations import membership_of
from coditect.errors import DomainError


class Command(BaseCommand):
    """See the module."""

    help = "Make an API token that acts as a user in one organization, and print it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whose, for what, for how long."""
        parser.add_argument("--email", required=True, help="an administrator of the organization")
        parser.add_argument("--organization", type=UUID, help="its id; else the user's first")
        parser.add_argument("--name", required=True, help="what it is for")
        parser.add_argument(
            "--scope", required=True, action="append", choices=Scope.values, help="may be given several times"
        )
        parser.add_argument("--days", type=int, help="how long it is good; else until it is revoked")

    def handle(
        self,
        *_: Any,
        email: str,
        organization: UUID | None,
        name: str,
        scope: list[str],
        days: int | None,
        **__: Any,
    ) -> None:
        """Make it."""
        user = User.objects.filter(email=normalize_email(email), is_active=True).first()
        if user is None:
            raise CommandError(f"No active user has the address {email}.")
        if days is not None and days < 1:
            raise CommandError("--days must be 1 or more.")
        now = timezone.now()
        try:
            new = create_api_token(
                membership=membership_of(user, organization_id=organization),
                name=name,
                scopes=scope,
                expires_at=now + timedelta(days=days) if days else None,
                now=now,
            )
        except DomainError as error:
            raise CommandError(error.text) from error
        self.stdout.write(new.text)

"""`manage.py issue_license --email … --tier pro --seats 5`: give an organization a license and print its key."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import User, normalize_email
from accounts.services.organizations import OrganizationNotFound, membership_of
from coditect.errors import InvalidInput
from licenses.management.days import read_day
from licenses.services.issue import issue_license


class Command(BaseCommand):
    """See the module."""

    help = "Issue a license to a user's first organization and print its key."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Who gets what."""
        parser.add_argument("--email", required=True, help="a member of the organization")
        parser.add_argument("--tier", required=True)
        parser.add_argument("--seats", required=True, type=int)
        parser.add_argument(
            "--expires", help="the first day it is no longer valid, such as 2027-01-01 (UTC); else never"
        )
        parser.add_argument("--key", help="an existing key to import, instead of a new one")

    def handle(
        self, *_: Any, email: str, tier: str, seats: int, expires: str | None, key: str | None, **__: Any
    ) -> None:
        """Issue it."""
        user = User.objects.filter(email=normalize_email(email)).first()
        if user is None:
            raise CommandError(f"No user has the address {email}.")
        if seats < 1:
            raise CommandError("--seats must be 1 or more.")
        try:
            license = issue_license(
                organization=membership_of(user, organization_id=None).organization,
                tier=tier,
                seats=seats,
                expires_at=read_day("--expires", expires),
                key=key,
                now=timezone.now(),
            )
        except (InvalidInput, OrganizationNotFound) as error:
            raise CommandError(error.text) from error
        self.stdout.write(license.key_string)

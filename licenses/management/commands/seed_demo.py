"""`manage.py seed_demo`: an organization with a license and an administrator to play with, in development only."""

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.services.organizations import membership_of
from accounts.services.register import register_user
from accounts.services.verify_email import note_verified
from licenses.models import License
from licenses.services.issue import issue_license

USER_EMAIL = "demo@example.com"
ADMIN_EMAIL = "admin@example.com"
PASSWORD = "coditect-demo"  # noqa: S105 (published, on the loopback interface, in development only)
TIER = "pro"
SEATS = 3


class Command(BaseCommand):
    """See the module."""

    help = "Make the demo log-ins and license, once, and print them as one line of JSON."

    def handle(self, *_: Any, **__: Any) -> None:
        """Make what is missing."""
        if not settings.IS_DEVELOPMENT:
            raise CommandError("The demo log-ins have a published password: they exist in development only.")
        with transaction.atomic():
            if not User.objects.filter(email=ADMIN_EMAIL).exists():
                User.objects.create_superuser(ADMIN_EMAIL, PASSWORD, full_name="Demo Administrator")
            license = _demo_license()
        demo = {
            "user_email": USER_EMAIL,
            "user_password": PASSWORD,
            "admin_email": ADMIN_EMAIL,
            "admin_password": PASSWORD,
            "license_key": license.key_string,
        }
        self.stdout.write(json.dumps(demo))


def _demo_license() -> License:
    now = timezone.now()
    user = User.objects.filter(email=USER_EMAIL).first()
    if user is None:
        membership = register_user(
            email=USER_EMAIL, password=PASSWORD, full_name="Demo User", company_name="Demo Company", now=now
        )
        # Nobody reads that mailbox, and an address that is not proved may not invite.
        note_verified(membership.user, now=now)
        return issue_license(organization=membership.organization, tier=TIER, seats=SEATS, now=now)
    organization = membership_of(user, organization_id=None).organization
    return organization.licenses.order_by("-max_seats", "created_at")[0]

"""`manage.py reconcile_stripe`: ask Stripe about every customer and write what it says, whatever events were lost."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from subscriptions.services.reconcile import reconcile


class Command(BaseCommand):
    """See the module."""

    help = "Ask Stripe about every customer and write what it says. It may be run at any time, and again."

    def handle(self, *_: Any, **__: Any) -> None:
        """Print what was found. Exit code 1 where somebody could not be asked about."""
        found = reconcile(clock=timezone.now)
        self.stdout.write(f"customers: {found.looked_at}")
        for customer_id in found.changed:
            self.stdout.write(f"repaired {customer_id}")
        for customer_id in found.unknown:
            self.stdout.write(f"unknown to Stripe, left as it is: {customer_id}")
        for customer_id, error in found.failed:
            self.stdout.write(f"FAILED {customer_id}: {error}")
        if found.failed:
            raise CommandError(f"{len(found.failed)} customers could not be reconciled.")
        self.stdout.write("everything is as Stripe says")

"""What billing does when something happens in accounts."""

from accounts.models import Organization
from coditect.jobs import enqueue
from coditect.journal.models import Event
from coditect.journal.services import on
from subscriptions.services.find import refuse_live

CLOSE_TASK = "subscriptions.close_checkouts"


def connect() -> None:
    """Register this app's receivers."""
    on("organization.deleting", keep_while_paying)
    on("organization.deleted", close_its_checkout)


def keep_while_paying(event: Event) -> None:
    """Who still pays is not deleted."""
    refuse_live(organization=Organization.objects.get(pk=event.subject_id))  # tenancy: the one to be deleted


def close_its_checkout(_: Event) -> None:
    """Nobody pays for who is gone: the worker closes the page, at once or when the beat asks."""
    enqueue(CLOSE_TASK)

"""What billing does when something happens in accounts."""

from accounts.models import Organization
from coditect.journal.models import Event
from coditect.journal.services import on
from subscriptions.services.find import refuse_live


def connect() -> None:
    """Register this app's receivers."""
    on("organization.deleting", keep_while_paying)


def keep_while_paying(event: Event) -> None:
    """Who still pays is not deleted."""
    refuse_live(organization=Organization.objects.get(pk=event.subject_id))  # tenancy: the one to be deleted

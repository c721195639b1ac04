"""What webhooks do when something happens in the apps below."""

from coditect.journal.models import Event
from coditect.journal.services import on
from webhooks.services.close import close_endpoints


def connect() -> None:
    """Register this app's receivers."""
    on("organization.deleted", close_everything)


def close_everything(event: Event) -> None:
    """A deleted organization hears of nothing any more."""
    close_endpoints(organization_id=event.subject_id, now=event.at)

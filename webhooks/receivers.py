"""What webhooks do when something happens in the apps below."""

from coditect.jobs import enqueue
from coditect.journal.catalogue import PUBLIC_TYPES
from coditect.journal.models import Event
from coditect.journal.services import on
from webhooks.services.close import close_endpoints
from webhooks.services.dispatch import DISPATCH_TASK


def connect() -> None:
    """Register this app's receivers."""
    on("organization.deleted", close_everything)
    for event_type in PUBLIC_TYPES:
        on(event_type, tell_dispatcher)


def close_everything(event: Event) -> None:
    """A deleted organization hears of nothing any more."""
    close_endpoints(organization_id=event.subject_id, now=event.at)


def tell_dispatcher(_event: Event) -> None:
    """Somebody may want to hear of it; who, is looked up later, and not where seats are handed out."""
    enqueue(DISPATCH_TASK)

"""What licensing does when something happens in accounts."""

from coditect.journal.models import Event
from coditect.journal.services import on
from licenses.services.issue import issue_free_license


def connect() -> None:
    """Register this app's receivers."""
    on("organization.created", give_free_license)


def give_free_license(event: Event) -> None:
    """A new organization starts with one free seat."""
    issue_free_license(organization_id=event.subject_id, now=event.at)

"""What licensing does when something happens in accounts, or to a license."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from coditect.journal.models import Event
from coditect.journal.services import on
from licenses.models.licenses import licenses_changed
from licenses.services.close import close_licenses
from licenses.services.issue import issue_free_license
from licenses.services.personal_data import forget_machines
from licenses.services.remember import forget_verdicts
from licenses.services.revoke import revoke_seats_of


def connect() -> None:
    """Register this app's receivers."""
    on("organization.created", give_free_license)
    on("organization.deleted", close_everything)
    on("member.removed", take_seats_in_organization)
    on("member.demoted", take_seats_in_organization)
    on("user.deactivated", take_all_seats)
    on("user.deleted", take_all_seats)
    on("user.deleted", forget_machines_of)
    licenses_changed.connect(forget_verdicts_on)


def give_free_license(event: Event) -> None:
    """A new organization starts with one free seat."""
    issue_free_license(organization_id=event.subject_id, now=event.at)


def close_everything(event: Event) -> None:
    """A deleted organization's keys are good for nothing."""
    close_licenses(organization_id=event.subject_id, now=event.at)


def take_seats_in_organization(event: Event) -> None:
    """Whoever left an organization, or only looks on in it now, holds no seats of its licenses."""
    revoke_seats_of(user_id=UUID(event.data["user_id"]), organization_id=event.organization_id)


def take_all_seats(event: Event) -> None:
    """Whoever cannot log in holds no seats."""
    revoke_seats_of(user_id=event.subject_id, organization_id=None)


def forget_machines_of(event: Event) -> None:
    """Whoever asked to be forgotten is, once their seats have ended."""
    forget_machines(user_id=event.subject_id)


def forget_verdicts_on(*, ids: Collection[UUID], **_: Any) -> None:
    """What a key was worth before its license changed is not what it is worth now."""
    forget_verdicts(ids)

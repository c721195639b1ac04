"""Licenses come into being."""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from accounts.models import Organization
from coditect.errors import InvalidInput
from coditect.journal.models import Event
from coditect.journal.services import new_event, record_events
from licenses import keys
from licenses.models import License, SeatChange
from licenses.services.facts import describe_license

LONGEST_KEY = 100
FREE_TIER = "free"
FREE_SEATS = 1


@transaction.atomic
def issue_license(
    *,
    organization: Organization,
    tier: str,
    seats: int,
    now: datetime,
    expires_at: datetime | None = None,
    key: str | None = None,
) -> License:
    """Give an organization a license, with a new key or an imported one.

    Raises InvalidInput for a key that is in use or has a typing error, and for an expiry that is past.
    """
    if expires_at is not None and expires_at <= now:
        raise InvalidInput("expires_at", "The expiry must lie in the future.")
    key_string = key.strip() if key else keys.generate(environment=settings.CODITECT_ENV, year=now.year)
    normalized = keys.normalize(key_string)
    if not normalized or keys.is_malformed(normalized):
        raise InvalidInput("key", "The key has a typing error: its check characters do not fit.")
    # Upper case may be longer: of the German ß it is SS.
    if max(len(key_string), len(normalized)) > LONGEST_KEY:
        raise InvalidInput("key", f"A key has at most {LONGEST_KEY} characters.")
    try:
        with transaction.atomic():
            license = License.objects.create(
                organization=organization,
                key_string=key_string,
                key_normalized=normalized,
                tier=tier,
                max_seats=seats,
                expires_at=expires_at,
                created_at=now,
            )
    except IntegrityError as error:
        raise InvalidInput("key", "This key is already in use.") from error
    # By the database's clock, like the sessions that it is held against.
    SeatChange.objects.create(license=license, at=Now(), seats=seats)
    record_events([creation_of(license, at=now)])
    return license


def creation_of(license: License, *, at: datetime) -> Event:
    """The event that tells of a new license."""
    return new_event(
        "license.created",
        license,
        at=at,
        organization_id=license.organization_id,
        data=describe_license(license, at=at),
    )


def issue_free_license(*, organization_id: UUID, now: datetime) -> License:
    """The license that every new organization starts with."""
    organization = Organization.objects.get(pk=organization_id)  # tenancy: the one that was just made
    return issue_license(organization=organization, tier=FREE_TIER, seats=FREE_SEATS, now=now)

"""Whoever administers an organization hears that seats are refused: with the first refusal, and once a day at most."""

from datetime import datetime, timedelta

from coditect.journal.mails import queue_mail
from coditect.journal.models import Event
from coditect.journal.services import record_event
from licenses.events import ExhaustedData
from licenses.models import License
from licenses.services.expiry_notices import addresses_of_those_told
from licenses.services.facts import describe_license

EXHAUSTED = "license.seats.exhausted"
MAIL = "seats_exhausted"
# Where seats are short all the time that is a reminder a day, and not one for each of a hundred machines.
QUIET = timedelta(days=1)


def tell_of_exhaustion(license: License, *, held: int, at: datetime) -> None:
    """Tell that a seat was refused, unless that was told within a day. Needs the lock of the license, to do so once."""
    told = Event.objects.for_organization(license.organization_id)
    if told.filter(type=EXHAUSTED, subject_id=license.pk, at__gt=at - QUIET).exists():
        return
    event = record_event(
        EXHAUSTED,
        license,
        at=at,
        organization_id=license.organization_id,
        data=ExhaustedData(**describe_license(license, at=at), active_seats=held),
    )
    for address in addresses_of_those_told(license.organization):
        queue_mail(template=MAIL, to=address, now=at, event_id=event.pk)

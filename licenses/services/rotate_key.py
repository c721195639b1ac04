"""A license gets another key, because the old one is in too many hands."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from accounts.models import Organization
from coditect.journal.catalogue import moment
from licenses import keys
from licenses.models import License, LicenseKey
from licenses.services.facts import record_license_event
from licenses.services.life import lock_license, refuse_revoked, tell_redis_of

GRACE_DAYS = 7
LONGEST_GRACE_DAYS = 30


@dataclass(frozen=True, kw_only=True)
class RotatedKey:
    """A license with its new key, from `at` on, and until when the one before it works."""

    license: License
    at: datetime
    former_key_works_until: datetime


@transaction.atomic
def rotate_key(
    *,
    license_id: UUID,
    now: datetime,
    grace_days: int = GRACE_DAYS,
    reason: str = "",
    within: Organization | None = None,
) -> RotatedKey:
    """Give a license a new key; the old one, and none before it for longer, works until the grace is over.

    Whoever holds a seat keeps it. `within`: the organization that must have the license. Raises LicenseNotFound,
    RevocationIsFinal.
    """
    license = lock_license(license_id, within=within).license
    refuse_revoked(license)
    former, works_until = license.key_normalized, now + timedelta(days=grace_days)
    license.key_string = keys.generate(environment=settings.CODITECT_ENV, year=now.year)
    license.key_normalized = keys.normalize(license.key_string)
    license.save(update_fields=["key_string", "key_normalized"])
    _retire_former_keys(license, works_until)
    # Of keys the journal knows no more than how they end.
    about = {"former_key_ending": keys.ending(former), "former_key_works_until": moment(works_until)}
    record_license_event("license.key_rotated", license, at=now, reason=reason, **about)
    # Not before: were this COMMIT to fail, heartbeats would tell of a key that no license has.
    transaction.on_commit(partial(tell_redis_of, license.pk), robust=True)
    return RotatedKey(license=license, at=now, former_key_works_until=works_until)


def _retire_former_keys(license: License, works_until: datetime) -> None:
    """A later rotation may end an earlier one's grace, and never prolongs it."""
    former = LicenseKey.objects.filter(license=license).exclude(pk=license.key_normalized)
    former.filter(Q(works_until=None) | Q(works_until__gt=works_until)).update(works_until=works_until)

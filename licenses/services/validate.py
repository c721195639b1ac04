"""Is this key good? Asked by CI scripts, without log-in, and by an organization for many of its keys at once."""

from collections.abc import Sequence
from datetime import datetime

from accounts.models import Organization
from licenses import keys
from licenses.models import License, LicenseKey
from licenses.services.judge import Verdict, judge
from licenses.services.receipts import with_receipt
from licenses.services.remember import look_up, remember


def validate_key(key_string: str, *, now: datetime) -> Verdict:
    """The verdict on a key: from Redis where it was given a moment ago, else from the database."""
    key = keys.normalize(key_string)
    if keys.is_malformed(key):
        return judge(None, key=key, now=now)
    place = look_up(key, now=now)
    if place.verdict is not None:
        return place.verdict
    # tenancy: whoever has a key may ask what it is worth, and hears nothing of whose it is
    entry = LicenseKey.objects.select_related("license").filter(pk=key).first()
    verdict = with_receipt(judge(entry, key=key, now=now), key=key)
    # Of keys that nobody has nothing is remembered: guessers could fill Redis.
    if entry is not None:
        remember(verdict, place)
    return verdict


def validate_keys(key_strings: Sequence[str], *, organization: Organization, now: datetime) -> list[Verdict]:
    """The verdicts on an organization's keys, in their order; another's key is one that nobody has."""
    normalized = [keys.normalize(key_string) for key_string in key_strings]
    own = License.objects.for_organization(organization)
    found = LicenseKey.objects.filter(license__in=own).select_related("license").in_bulk(set(normalized))
    judged = {key: judge(found.get(key), key=key, now=now) for key in set(normalized)}
    signed = {key: with_receipt(verdict, key=key) for key, verdict in judged.items()}
    return [signed[key] for key in normalized]

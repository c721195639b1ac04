"""Receipts: signed verdicts that a client may keep, so that it can go on while it cannot ask us."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.conf import settings

from coditect.api.encoding import rfc3339
from coditect.errors import Unavailable
from licenses import keys, signing
from licenses.services.judge import MALFORMED, Terms, Verdict
from licenses.services.license_files import offline_grace

RECEIPT = "coditect-receipt+jwt"
# Whoever holds a receipt need not ask again for so long.
MAX_AGE = timedelta(minutes=5)
SECOND = timedelta(seconds=1)


def with_receipt(verdict: Verdict, *, key: str) -> Verdict:
    """The verdict on a normalised key with its receipt, a compact JWS; without where signing is out of order.

    Of a typing error there is none: anybody can calculate that, so it is told without asking the database for anything.
    """
    if verdict.code == MALFORMED:
        return verdict
    try:
        receipt = signing.sign_compact(_claims(verdict, key), typ=RECEIPT, now=verdict.checked_at)
    except Unavailable:
        return verdict
    return replace(verdict, receipt=receipt)


def _claims(verdict: Verdict, key: str) -> dict[str, Any]:
    """Names and numbers as in RFC 7519 where it has them; both ages count from `checked_at`."""
    grace = _grace(verdict.terms, verdict) if verdict.terms else timedelta(0)
    max_age = min(MAX_AGE, grace) if verdict.terms else MAX_AGE
    issued_at = int(verdict.checked_at.timestamp())
    return {
        "iss": settings.PUBLIC_URL,
        "iat": issued_at,
        "exp": issued_at + max(max_age, grace) // SECOND,
        "key_sha256": keys.hash_key(key),
        "valid": verdict.is_valid,
        "code": verdict.code or None,
        "checked_at": rfc3339(verdict.checked_at),
        "max_age": max_age // SECOND,
        "stale_if_error": grace // SECOND,
    }


def _grace(terms: Terms, verdict: Verdict) -> timedelta:
    """As long as a license file of the tier is good, at most until the key works no more."""
    return min(offline_grace(terms.tier), terms.key_works_until - verdict.checked_at)

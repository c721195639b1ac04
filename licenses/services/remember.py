"""Verdicts are remembered for some seconds, and forgotten as soon as the license changes."""

import json
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.db import transaction

from coditect.redis import RedisUnavailable
from licenses import keys, verdicts
from licenses.models import LicenseKey
from licenses.services.judge import Verdict, read_verdict, write_verdict


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the verdict on a key lies, and the one that was found there; no `look`: Redis is away."""

    key_hash: str
    look: verdicts.Look | None = None
    verdict: Verdict | None = None


def look_up(key: str, *, now: datetime) -> Place:
    """What is remembered of a normalised key."""
    key_hash = keys.hash_key(key)
    try:
        look = verdicts.look(key_hash)
    except RedisUnavailable:
        return Place(key_hash=key_hash)
    return Place(key_hash=key_hash, look=look, verdict=_read(look.text, now=now) if look.text else None)


def remember(verdict: Verdict, place: Place) -> None:
    """Keep a verdict for whoever asks next; unless the license has changed since the look."""
    if place.look is None:
        return
    life = verdicts.LIFE
    if verdict.terms:
        life = min(life, verdict.terms.key_works_until - verdict.checked_at)
    with suppress(RedisUnavailable):
        verdicts.keep(place.key_hash, write_verdict(verdict), since=place.look, life=life)


def forget_verdicts(license_ids: Collection[UUID]) -> None:
    """Let no verdict on these licenses be believed or kept, from now until well after the commit."""
    # tenancy: whatever changed, whosever it is
    every_key = LicenseKey.objects.filter(license__in=license_ids).values_list("pk", flat=True)
    key_hashes = [keys.hash_key(key) for key in every_key]
    if key_hashes:
        _mark(key_hashes)
        transaction.on_commit(partial(_mark, key_hashes), robust=True)


def _mark(key_hashes: Collection[str]) -> None:
    """While Redis is away there is nothing to mark; whoever could not believes Redis for a while no more."""
    with suppress(RedisUnavailable):
        verdicts.mark(key_hashes)


def _read(text: str, *, now: datetime) -> Verdict | None:
    """The verdict, unless by our own clock, too, it is too old, of the future, or its key works no more."""
    verdict = read_verdict(json.loads(text))
    is_fresh = timedelta(0) <= now - verdict.checked_at < verdicts.LIFE
    return verdict if is_fresh and not (verdict.terms and verdict.terms.key_works_until <= now) else None

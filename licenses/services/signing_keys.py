"""Signing keys over the years: which are published, and how one follows another."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.db import transaction

from coditect.errors import Conflict, NotFound
from coditect.journal.services import record_event
from licenses import signing
from licenses.models import SigningKey


class KeyOfEnvironment(Conflict):
    """The operator keeps the key; only they can change it."""

    code = "signing_key_of_environment"
    message = "LICENSE_SIGNING_KEY is set: put another key there and restart. What the old one signed stays verifiable."


class SigningKeyNotFound(NotFound):
    """No key has this id."""

    code = "signing_key_not_found"
    message = "No signing key has this id."


class SigningKeyInUse(Conflict):
    """The key still signs."""

    code = "signing_key_in_use"
    message = "This key still signs: rotate it first."


def published_keys(*, now: datetime) -> Sequence[SigningKey]:
    """The keys whose signatures are to be believed, the one that signs first; there is always that one."""
    published = SigningKey.objects.published(at=now)
    if not published.exists():
        signing.current_signer(now=now)
    return list(published)


def rotate_signing_key(*, now: datetime) -> SigningKey:
    """Have a new key sign. Raises KeyOfEnvironment."""
    if settings.LICENSE_SIGNING_KEY is not None:
        raise KeyOfEnvironment
    return signing.install_new_key(now=now)


@transaction.atomic
def withdraw_signing_key(*, kid: str, now: datetime) -> SigningKey:
    """Have a leaked key believed no more: what it signed has to be downloaded anew.

    Raises SigningKeyNotFound, SigningKeyInUse.
    """
    key = SigningKey.objects.select_for_update().filter(kid=kid).first()
    if key is None:
        raise SigningKeyNotFound
    if key.retired_at is None:
        raise SigningKeyInUse
    if key.withdrawn_at is None:
        key.withdrawn_at = now
        key.save(update_fields=["withdrawn_at"])
        record_event("signing_key.withdrawn", key, at=now, organization_id=None, data={"kid": kid})
    return key

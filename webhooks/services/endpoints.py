"""Endpoints: where an organization wants to hear of its events, as its administrators say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.db import transaction

from accounts.models import Membership
from accounts.services.organizations import as_locked
from coditect.encryption import encrypt
from coditect.errors import Conflict, Forbidden, NotFound
from coditect.journal.services import record_event
from webhooks import addresses
from webhooks.models import EVERY_EVENT, Endpoint
from webhooks.services.disable import disable_endpoint
from webhooks.services.enable import enable_endpoint, start_afresh
from webhooks.signing import make_secret

MAX_ENDPOINTS = 10
# How long what is sent is signed with the previous secret, too.
OVERLAP = timedelta(hours=24)


class WebhookNotFound(NotFound):
    """No such endpoint in the caller's organization."""

    code = "webhook_not_found"
    message = "Webhook not found."


class TooManyWebhooks(Conflict):
    """The organization has enough of them. The details say how many it may have."""

    code = "too_many_webhooks"
    message = "The organization has as many webhooks as it may have. Delete one first."


class DisabledByOperator(Conflict):
    """What the service's staff switched off, only they switch on."""

    code = "webhook_disabled_by_operator"
    message = "The operators of this service have disabled the webhook. Ask them to enable it."


@dataclass(frozen=True, kw_only=True)
class NewSecret:
    """An endpoint with a secret just made; `text` is shown this once and stored encrypted."""

    text: str
    endpoint: Endpoint


def create_endpoint(
    *, by: Membership, url: str, events: Sequence[str], now: datetime, description: str = ""
) -> NewSecret:
    """Have an organization's events of some types sent to a URL from now on.

    Raises OrganizationNotFound, Forbidden, TooManyWebhooks, AddressRefused.
    """
    # The name is looked up before anything is locked.
    addresses.refuse(url)
    return _create(by=by, url=url, events=events, description=description, now=now)


def change_endpoint(*, by: Membership, endpoint_id: UUID, changes: Mapping[str, Any], now: datetime) -> Endpoint:
    """Change what `changes` names of `url`, `events`, `description` and `status`.

    Another URL is tried at once; what is pending goes there. Raises OrganizationNotFound, Forbidden, WebhookNotFound,
    DisabledByOperator, AddressRefused.
    """
    if "url" in changes:
        addresses.refuse(changes["url"])
    return _change(by=by, endpoint_id=endpoint_id, changes=changes, now=now)


@transaction.atomic
def delete_endpoint(*, by: Membership, endpoint_id: UUID, now: datetime) -> None:
    """Send an endpoint nothing more, not even what is pending, and forget it.

    Raises OrganizationNotFound, Forbidden, WebhookNotFound.
    """
    delete_locked(_lock(by, endpoint_id), now=now)


def delete_locked(endpoint: Endpoint, *, now: datetime) -> None:
    """The same for one that was chosen and locked; its secrets are gone at once, its log when the worker is at it."""
    endpoint.status, endpoint.disabled_reason = Endpoint.Status.DISABLED, Endpoint.DisabledReason.CUSTOMER
    endpoint.secret = endpoint.previous_secret = ""
    endpoint.previous_secret_until = endpoint.next_attempt_at = endpoint.claimed_until = endpoint.claim = None
    endpoint.deleted_at = now
    endpoint.save()
    _record("webhook.deleted", endpoint, at=now)


@transaction.atomic
def rotate_secret(*, by: Membership, endpoint_id: UUID, now: datetime) -> NewSecret:
    """Sign with a new secret; for 24 hours with the present one besides, and with none before that.

    Raises OrganizationNotFound, Forbidden, WebhookNotFound.
    """
    endpoint = _lock(by, endpoint_id)
    endpoint.previous_secret, endpoint.previous_secret_until = endpoint.secret, now + OVERLAP
    text = _give_secret(endpoint)
    endpoint.save(update_fields=["secret", "previous_secret", "previous_secret_until"])
    _record("webhook.secret_rotated", endpoint, at=now)
    return NewSecret(text=text, endpoint=endpoint)


@transaction.atomic
def _create(*, by: Membership, url: str, events: Sequence[str], description: str, now: datetime) -> NewSecret:
    by = _as_administrator(by)
    if Endpoint.objects.for_organization(by.organization).count() >= MAX_ENDPOINTS:
        raise TooManyWebhooks(limit=MAX_ENDPOINTS)
    endpoint = Endpoint(
        organization=by.organization,
        url=url,
        events=_tidy(events),
        description=description,
        created_at=now,
        created_by=by.user,
    )
    text = _give_secret(endpoint)
    endpoint.save(force_insert=True)
    _record("webhook.created", endpoint, at=now)
    return NewSecret(text=text, endpoint=endpoint)


@transaction.atomic
def _change(*, by: Membership, endpoint_id: UUID, changes: Mapping[str, Any], now: datetime) -> Endpoint:
    endpoint = _lock(by, endpoint_id)
    wanted = dict(changes)
    status = wanted.pop("status", endpoint.status)
    if "events" in wanted:
        wanted["events"] = _tidy(wanted["events"])
    changed = sorted(name for name, value in wanted.items() if value != getattr(endpoint, name))
    for name in changed:
        setattr(endpoint, name, wanted[name])
    if changed:
        endpoint.save(update_fields=changed)
        _record("webhook.updated", endpoint, at=now, changed=changed)
    if "url" in changed and endpoint.is_enabled:
        start_afresh(endpoint, now=now)
    if status != endpoint.status:
        _switch(endpoint, status, now=now)
        endpoint.refresh_from_db()
    return endpoint


def _switch(endpoint: Endpoint, status: str, *, now: datetime) -> None:
    if status == Endpoint.Status.DISABLED:
        disable_endpoint(endpoint_id=endpoint.pk, reason=Endpoint.DisabledReason.CUSTOMER, now=now)
    elif endpoint.disabled_reason == Endpoint.DisabledReason.OPERATOR:
        raise DisabledByOperator
    else:
        enable_endpoint(endpoint_id=endpoint.pk, now=now)


def _tidy(events: Sequence[str]) -> list[str]:
    """Each type once, in alphabetical order; beside "*" there is nothing to name."""
    return [EVERY_EVENT] if EVERY_EVENT in events else sorted(set(events))


def _give_secret(endpoint: Endpoint) -> str:
    """Draw a secret, and seal it into the endpoint."""
    text = make_secret()
    endpoint.secret = encrypt(text, context=endpoint.context)
    return text


def _as_administrator(by: Membership) -> Membership:
    """A caller's place under the organization's lock: ten endpoints are ten also where two are made at once."""
    by = as_locked(by)
    if not by.administers:
        raise Forbidden
    return by


def _lock(by: Membership, endpoint_id: UUID) -> Endpoint:
    """An endpoint of the caller's organization under its row lock. Raises Forbidden, WebhookNotFound."""
    own = Endpoint.objects.for_organization(_as_administrator(by).organization).filter(pk=endpoint_id)
    endpoint = own.select_for_update(of=("self",)).first()
    if endpoint is None:
        raise WebhookNotFound
    return endpoint


def _record(event_type: str, endpoint: Endpoint, *, at: datetime, **more: Any) -> None:
    """Of the URL only the host: its path may be what lets one in."""
    data = {"webhook_id": str(endpoint.pk), "host": urlsplit(endpoint.url).hostname, "events": endpoint.events}
    record_event(event_type, endpoint, at=at, organization_id=endpoint.organization_id, data=data | more)

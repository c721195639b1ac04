"""What a receiver is sent: rendered from the journal whenever it is sent, so that no body needs to be kept."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from accounts.models import User
from accounts.services.personal_data import NOWHERE
from coditect.api.encoding import to_json
from coditect.journal.catalogue import PUBLIC_TYPES, public_event
from coditect.journal.models import Event

# What the journal must not hold, since people may have it forgotten.
LOOKED_UP = "user_email"


def body_of(event: Event) -> bytes:
    """An event as JSON: the same each time, but for an address that has changed since."""
    return bodies_of([event])[0]


def bodies_of(events: Sequence[Event]) -> list[bytes]:
    """Many at once, with one look at the users."""
    addresses = _addresses_of(event.data.get("user_id") for event in events if _tells_address(event))
    return [to_json(_present(event, addresses)).encode() for event in events]


def _present(event: Event, addresses: Mapping[str | None, str]) -> dict[str, Any]:
    looked_up = {LOOKED_UP: addresses.get(event.data.get("user_id"))} if _tells_address(event) else {}
    return {
        "id": event.pk,
        "type": event.type,
        "timestamp": event.at,
        "organization_id": event.organization_id,
        "data": event.data | looked_up,
    }


def _tells_address(event: Event) -> bool:
    return event.type in PUBLIC_TYPES and LOOKED_UP in public_event(event.type).data.__annotations__


def _addresses_of(user_ids: Iterable[str | None]) -> dict[str | None, str]:
    """By users' ids; those who have deleted their account have none."""
    wanted = set(filter(None, user_ids))
    if not wanted:
        return {}
    users = User.objects.filter(pk__in=wanted).exclude(email__endswith=f"@{NOWHERE}")
    return {str(id): email for id, email in users.values_list("pk", "email")}

"""What a receiver is sent: rendered from the journal whenever it is sent, so that no body needs to be kept."""

from typing import Any
from uuid import UUID

from accounts.models import User
from accounts.services.personal_data import NOWHERE
from coditect.api.encoding import to_json
from coditect.journal.catalogue import PUBLIC_TYPES, public_event
from coditect.journal.models import Event

LOOKED_UP = "user_email"


def body_of(event: Event) -> bytes:
    """An event as JSON: the same each time, but for an address that has changed since."""
    body: dict[str, Any] = {
        "id": event.pk,
        "type": event.type,
        "timestamp": event.at,
        "organization_id": event.organization_id,
        "data": event.data | _looked_up(event),
    }
    return to_json(body).encode()


def _looked_up(event: Event) -> dict[str, str | None]:
    """What the journal must not hold, since people may have it forgotten."""
    if event.type not in PUBLIC_TYPES or LOOKED_UP not in public_event(event.type).data.__annotations__:
        return {}
    return {LOOKED_UP: _address_of(UUID(event.data["user_id"]))}


def _address_of(user_id: UUID) -> str | None:
    address = User.objects.filter(pk=user_id).values_list("email", flat=True).first()
    return None if address is None or address.endswith(f"@{NOWHERE}") else address

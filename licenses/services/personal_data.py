"""What licensing knows of a person, and how it is forgotten."""

from typing import Any
from uuid import UUID

from accounts.models import User
from licenses.models import SeatSession
from licenses.services.usage_privacy import forget_holders


def export_seat_sessions(user: User) -> list[dict[str, Any]]:
    """The seats that a user has held, oldest first."""
    names = ("hardware_id", "ip_address", "client_version", "metadata", "started_at", "ended_at", "end_reason")
    sessions = SeatSession.objects.filter(user=user)  # tenancy: one user's own, in whatever organization
    return list(sessions.order_by("started_at").values("id", "license_id", *names))


def forget_machines(*, user_id: UUID) -> None:
    """Take out of ended sessions what tells of the user's machines; when seats were held stays provable."""
    # Its lock keeps a rollup from reading, just now, what is about to be forgotten.
    User.objects.select_for_update(no_key=True).get(pk=user_id)
    ended = SeatSession.objects.filter(user=user_id, ended_at__isnull=False)  # tenancy: one user's own, everywhere
    ended.update(hardware_id=SeatSession.FORGOTTEN, ip_address=None, client_version="", metadata={})
    forget_holders(user_id=user_id)

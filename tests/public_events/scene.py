"""Where public events happen: two organizations, a license with two seats, a Stripe; and the register of cases."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from accounts.models import Membership, Role
from coditect.local.fake_stripe.fake import FakeStripe
from licenses.models import License, SeatSession
from licenses.services.acquire import acquire_seat
from tests.factories import Person, make_license, make_membership


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What a case finds."""

    owner: Person
    outsider: Person
    license: License
    fake: FakeStripe

    @property
    def now(self) -> datetime:
        """This moment."""
        return timezone.now()

    def member(self, role: str = Role.MEMBER) -> Membership:
        """Somebody else in the owner's organization."""
        return make_membership(role, organization=self.owner.organization)

    def license_of(self, *, seats: int = 1, days: float | None = None) -> License:
        """Another license of the owner's organization, for so many days."""
        expires_at = timezone.now() + timedelta(days=days) if days else None
        return make_license(self.owner.organization, seats=seats, expires_at=expires_at)

    def seat(
        self, license: License | None = None, *, holder: Membership | None = None, machine: str = "first"
    ) -> SeatSession:
        """A seat in somebody's hands: of the license, in the owner's."""
        return acquire_seat(
            membership=holder or self.owner.membership,
            license_key=(license or self.license).key_string,
            hardware_id=machine,
            ip_address="127.0.0.1",
        ).session


Case = Callable[[Scene], object]
CASES: dict[tuple[str, str], Case] = {}


def case(event_type: str, *paths: str) -> Callable[[Case], Case]:
    """Register what makes each of these paths record an event of a type."""

    def register(run: Case) -> Case:
        CASES.update({(event_type, path): run for path in paths})
        return run

    return register

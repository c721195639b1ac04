"""What happens to seats."""

from contextlib import suppress
from datetime import timedelta

from coditect.errors import DomainError
from licenses.models import License, SeatSession
from licenses.services import acquire, exhaustion, expire, heartbeat, life, release, revoke, transfer
from licenses.services.capacity import change_seats
from tests.licenses.seats import outlive
from tests.public_events.scene import Scene, case

ACQUIRE = f"{acquire.__name__}.acquire_seat"
BEAT = f"{heartbeat.__name__}.beat_from_record"
SWEEP = f"{expire.__name__}.sweep_sessions"
RELEASE, END = f"{release.__name__}.release_seat", f"{release.__name__}.end_session"
LONG_AGO = timedelta(seconds=31)
EXPIRED, REVOKED = "license.seat.expired", "license.seat.revoked"


def _dead(scene: Scene, license: License, *, is_marked: bool) -> SeatSession:
    """A seat whose machine has fallen silent; marked: after it had been sold to nobody any more."""
    session = scene.seat(license)
    if is_marked:
        change_seats(license_id=license.pk, seats=0)
    outlive(str(session.pk), by=LONG_AGO)
    return session


@case("license.seat.acquired", ACQUIRE)
def _acquire(scene: Scene) -> None:
    scene.seat()


@case("license.seat.released", RELEASE)
def _release(scene: Scene) -> None:
    release.release_seat(membership=scene.owner.membership, session_id=scene.seat().pk)


@case(EXPIRED, SWEEP)
def _sweep(scene: Scene) -> None:
    _dead(scene, scene.license, is_marked=False)
    expire.sweep_sessions()


@case(REVOKED, SWEEP)
def _sweep_marked(scene: Scene) -> None:
    _dead(scene, scene.license, is_marked=True)
    expire.sweep_sessions()


@case(EXPIRED, ACQUIRE)
def _take_from_the_dead(scene: Scene) -> None:
    license = scene.license_of(seats=1)
    _dead(scene, license, is_marked=False)
    scene.seat(license, machine="second")


@case(REVOKED, ACQUIRE)
def _ask_in_vain(scene: Scene) -> None:
    _dead(scene, scene.license, is_marked=True)
    with suppress(acquire.NoSeatsAvailable):
        scene.seat(machine="second")


@case(EXPIRED, BEAT)
def _beat_too_late(scene: Scene) -> None:
    session = _dead(scene, scene.license, is_marked=False)
    # What is valid no more is renewed by nobody, so the end is written down.
    License.objects.filter(pk=scene.license.pk).update(expires_at=scene.now - LONG_AGO)
    with suppress(DomainError):
        heartbeat.beat_from_record(session_id=session.pk, user_id=scene.owner.user_id)


@case(REVOKED, BEAT)
def _beat_revoked(scene: Scene) -> None:
    session = _dead(scene, scene.license, is_marked=True)
    with suppress(DomainError):
        heartbeat.beat_from_record(session_id=session.pk, user_id=scene.owner.user_id)


@case(REVOKED, RELEASE)
def _end_of_another(scene: Scene) -> None:
    session = scene.seat(holder=scene.member())
    release.release_seat(membership=scene.owner.membership, session_id=session.pk)


@case("license.seat.released", END)
def _end(scene: Scene) -> None:
    release.end_session(session_id=scene.seat().pk, reason=SeatSession.EndReason.RELEASED)


@case(REVOKED, END)
def _end_by_staff(scene: Scene) -> None:
    release.end_session(session_id=scene.seat().pk, reason=SeatSession.EndReason.REVOKED)


@case(REVOKED, f"{revoke.__name__}.revoke_seats_of")
def _take_away(scene: Scene) -> None:
    scene.seat()
    revoke.revoke_seats_of(user_id=scene.owner.user_id, organization_id=scene.owner.organization.pk)


@case(REVOKED, f"{transfer.__name__}.transfer_license")
def _hand_over(scene: Scene) -> None:
    scene.seat()
    organization_id = scene.outsider.organization.pk
    transfer.transfer_license(license_id=scene.license.pk, organization_id=organization_id, now=scene.now)


@case(REVOKED, f"{life.__name__}.revoke_license")
def _revoke_at_once(scene: Scene) -> None:
    scene.seat()
    life.revoke_license(license_id=scene.license.pk, immediately=True, now=scene.now)


@case("license.seats.exhausted", f"{exhaustion.__name__}.tell_of_exhaustion")
def _ask_for_too_much(scene: Scene) -> None:
    license = scene.license_of(seats=1)
    scene.seat(license)
    with suppress(acquire.NoSeatsAvailable):
        scene.seat(license, machine="second")

"""What happens to licenses."""

from datetime import timedelta

from licenses.models import License
from licenses.services import capacity, expiry_notices, issue, life, rotate_key, terms, transfer
from licenses.services.imports import create
from tests.public_events.scene import Scene, case

LIFE = life.__name__


@case("license.created", f"{issue.__name__}.issue_license")
def _issue(scene: Scene) -> None:
    scene.license_of(days=3)


@case("license.created", f"{create.__name__}.import_licenses")
def _import(scene: Scene) -> None:
    header = "organization,key,tier,seats,expires_at,features"
    text = f"{header}\n{scene.owner.organization.slug},,pro,5,,sso\n"
    create.import_licenses(text=text, now=scene.now)


@case("license.updated", f"{capacity.__name__}.change_seats")
def _change_seats(scene: Scene) -> None:
    capacity.change_seats(license_id=scene.license.pk, seats=9)


@case("license.updated", f"{terms.__name__}.change_terms")
def _change_terms(scene: Scene) -> None:
    terms.change_terms(license_id=scene.license.pk, tier="team", features=["sso"], renews_itself=True, now=scene.now)


@case("license.updated", f"{terms.__name__}.end_license")
def _end(scene: Scene) -> None:
    terms.end_license(license_id=scene.license_of(days=9).pk, at=scene.now, now=scene.now)


@case("license.suspended", f"{LIFE}.suspend_license")
def _suspend(scene: Scene) -> None:
    life.suspend_license(license_id=scene.license.pk, reason="abuse", now=scene.now)


@case("license.updated", f"{LIFE}.suspend_license")
def _suspend_doubly(scene: Scene) -> None:
    _suspend(scene)
    life.suspend_license(license_id=scene.license.pk, hold=License.Hold.OPERATOR, now=scene.now)


@case("license.reinstated", f"{LIFE}.reinstate_license")
def _reinstate(scene: Scene) -> None:
    _suspend(scene)
    life.reinstate_license(license_id=scene.license.pk, now=scene.now)


@case("license.updated", f"{LIFE}.reinstate_license")
def _reinstate_half(scene: Scene) -> None:
    _suspend_doubly(scene)
    life.reinstate_license(license_id=scene.license.pk, now=scene.now)


@case("license.revoked", f"{LIFE}.revoke_license")
def _revoke(scene: Scene) -> None:
    life.revoke_license(license_id=scene.license.pk, reason="refunded", now=scene.now)


@case("license.renewed", f"{LIFE}.renew_license")
def _renew(scene: Scene) -> None:
    license = scene.license_of(days=9)
    life.renew_license(license_id=license.pk, expires_at=scene.now + timedelta(days=99), now=scene.now)


@case("license.transferred", f"{transfer.__name__}.transfer_license")
def _transfer(scene: Scene) -> None:
    organization_id = scene.outsider.organization.pk
    transfer.transfer_license(license_id=scene.license.pk, organization_id=organization_id, now=scene.now)


@case("license.key_rotated", f"{rotate_key.__name__}.rotate_key")
def _rotate(scene: Scene) -> None:
    rotate_key.rotate_key(license_id=scene.license.pk, now=scene.now)


@case("license.expiring", f"{expiry_notices.__name__}.send_expiry_notices")
def _come_near(scene: Scene) -> None:
    end = scene.license_of(days=9).last_moment
    expiry_notices.send_expiry_notices(now=end - timedelta(days=6, hours=23))


@case("license.expired", f"{expiry_notices.__name__}.send_expiry_notices")
def _expire(scene: Scene) -> None:
    end = scene.license_of(days=9).last_moment
    expiry_notices.send_expiry_notices(now=end + timedelta(minutes=1))

"""What a subscription writes into a license: its terms, and its end."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from coditect.journal.models import Event
from licenses.models import License
from licenses.services.acquire import LicenseNotFound
from licenses.services.expiry_notices import send_expiry_notices
from licenses.services.terms import change_terms, end_license
from tests.factories import Person, make_license

DAY = timedelta(days=1)


def update_events(license: License) -> list[dict[str, object]]:
    """What was told of it."""
    return [event.data for event in Event.objects.filter(subject_id=license.pk, type="license.updated")]


class TestChangeTerms:
    def test_writes_tier_and_features_and_tells_of_them(self, license: License) -> None:
        now = timezone.now()
        change_terms(license_id=license.pk, tier="team", features=["sso"], renews_itself=True, now=now)
        license.refresh_from_db()
        assert (license.tier, license.features, license.renews_itself) == ("team", ["sso"], True)
        (told,) = update_events(license)
        assert (told["tier"], told["features"]) == ("team", ["sso"])

    def test_tells_nothing_where_nothing_changes(self, license: License) -> None:
        change_terms(
            license_id=license.pk, tier=license.tier, features=license.features, renews_itself=False, now=timezone.now()
        )
        assert update_events(license) == []

    def test_of_no_license_is_refused(self, db: None) -> None:
        with pytest.raises(LicenseNotFound):
            change_terms(license_id=uuid4(), tier="pro", features=[], renews_itself=False, now=timezone.now())


class TestEndLicense:
    def test_lets_it_have_expired(self, license: License) -> None:
        now = timezone.now()
        end_license(license_id=license.pk, at=now - DAY, now=now)
        license.refresh_from_db()
        assert (license.expires_at, license.status_at(now)) == (now - DAY, "expired")

    def test_lies_never_in_the_future(self, license: License) -> None:
        now = timezone.now()
        end_license(license_id=license.pk, at=now + DAY, now=now)
        license.refresh_from_db()
        assert license.expires_at == now

    def test_does_not_move_an_end_that_is_past(self, owner: Person) -> None:
        now = timezone.now()
        license = make_license(owner.organization, expires_at=now + DAY)
        License.objects.filter(pk=license.pk).update(expires_at=now - 2 * DAY)
        end_license(license_id=license.pk, at=now - DAY, now=now)
        license.refresh_from_db()
        assert license.expires_at == now - 2 * DAY
        assert update_events(license) == []


class TestNoticesOfALicenseThatRenewsItself:
    def test_do_not_come_before_its_end(self, owner: Person) -> None:
        now = timezone.now()
        license = make_license(owner.organization, expires_at=now + 40 * DAY)
        License.objects.filter(pk=license.pk).update(renews_itself=True)
        send_expiry_notices(now=now + 35 * DAY)
        assert not Event.objects.filter(type="license.expiring").exists()

    def test_come_where_it_has_ended_after_all(self, owner: Person) -> None:
        now = timezone.now()
        license = make_license(owner.organization, expires_at=now + 40 * DAY)
        License.objects.filter(pk=license.pk).update(renews_itself=True)
        send_expiry_notices(now=now + 41 * DAY)
        assert Event.objects.filter(type="license.expired").count() == 1

"""POST licenses/{id}/suspend, reinstate, revoke, renew and transfer."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Role, User
from coditect.journal.models import Event
from licenses.models import License
from licenses.services.life import suspend_license
from tests.api.shapes import assert_problem
from tests.dialects import Answer, Api
from tests.factories import Person, log_in, make_api_token, make_person, make_user
from tests.licenses.seats import acquire, beat

LATER = "2099-01-01T00:00:00Z"
NEVER = "9999-12-31T23:59:59Z"


def send(api: Api, token: str, what: str, license: License, **body: object) -> Answer:
    """Change the life of a license."""
    return api.as_bearer(token).post(what, body or None, license_id=license.pk)


@pytest.fixture
def staff(db: None) -> User:
    """Somebody who works for the service, and is in no organization."""
    return make_user("staff@example.com", is_staff=True)


@pytest.fixture
def pass_(staff: User) -> str:
    """The access token of staff."""
    return log_in(staff)


class TestSuspendAndReinstate:
    def test_follow_one_another(self, api: Api, owner: Person, license: License) -> None:
        seat = acquire(api, owner, license).data["session_id"]
        answer = send(api, owner.token, "suspend", license, reason="holidays")
        told = answer.data
        assert (answer.status, told["status"], told["is_active"], told["holds"]) == (
            200,
            "suspended",
            False,
            ["customer"],
        )
        assert told["available_seats"] == 0
        assert beat(api, owner, seat).data["revoking"] is True
        assert_problem(acquire(api, owner, license, "machine-2"), 403, "license_suspended")
        assert send(api, owner.token, "reinstate", license).data["status"] == "active"
        assert beat(api, owner, seat).data["revoking"] is False

    def test_are_written_down_with_who_did_it(self, api: Api, owner: Person, license: License) -> None:
        answer = send(api, owner.token, "suspend", license, reason="holidays")
        event = Event.objects.get(type="license.suspended")
        assert (event.actor_id, event.request_id) == (owner.user_id, answer.headers["X-Request-ID"])
        (entry,) = api.as_bearer(owner.token).get("audit", {"type": "license.suspended"}).rows("entries")
        assert (entry["actor"]["email"], entry["data"]["reason"]) == (owner.membership.user.email, "holidays")

    def test_leave_an_unpaid_license_alone(self, api: Api, owner: Person, license: License) -> None:
        suspend_license(license_id=license.pk, now=timezone.now(), hold=License.Hold.BILLING)
        refusal = send(api, owner.token, "reinstate", license)
        assert_problem(refusal, 409, "suspension_stands")
        assert refusal.details == {"holds": ["billing"]}

    @pytest.mark.parametrize("what", ["suspend", "reinstate"])
    def test_are_for_the_organizations_administrators(
        self, api: Api, owner: Person, outsider: Person, pass_: str, license: License, what: str
    ) -> None:
        for role in (Role.MEMBER, Role.VIEWER):
            colleague = make_person(role, organization=owner.organization)
            assert_problem(send(api, colleague.token, what, license), 403, "permission_denied")
        assert_problem(send(api, outsider.token, what, license), 404, "license_not_found")
        license.refresh_from_db()
        assert license.status == "active"

    def test_take_an_api_token_with_the_scope(self, api: Api, owner: Person, license: License) -> None:
        reads, manages = (make_api_token(owner, scope) for scope in ("read:licenses", "manage:licenses"))
        assert_problem(send(api, reads, "suspend", license), 403, "insufficient_scope")
        assert send(api, manages, "suspend", license).status == 200

    @pytest.mark.parametrize("reason", [7, "x" * 201, None])
    def test_refuse_what_is_no_reason(self, api: Api, owner: Person, license: License, reason: object) -> None:
        assert send(api, owner.token, "suspend", license, reason=reason).status in {400, 422}


BODIES: dict[str, dict[str, object]] = {
    "revoke": {"reason": "fraud"},
    "renew": {"expires_at": LATER, "reason": "paid"},
    "transfer": {"reason": "sold"},
}


class TestStaff:
    def body(self, what: str, outsider: Person) -> dict[str, object]:
        """A valid body."""
        to = {"organization_id": str(outsider.organization.pk)} if what == "transfer" else {}
        return BODIES[what] | to

    @pytest.mark.parametrize(
        ("what", "event"),
        [("revoke", "license.revoked"), ("renew", "license.renewed"), ("transfer", "license.transferred")],
    )
    def test_acts_on_any_license(
        self, api: Api, staff: User, pass_: str, outsider: Person, license: License, what: str, event: str
    ) -> None:
        answer = send(api, pass_, what, license, **self.body(what, outsider))
        assert answer.status == 200
        assert license.key_string not in answer.content.decode()
        told = Event.objects.filter(type=event)
        assert {each.actor_id for each in told} == {staff.pk}
        assert {each.data["reason"] for each in told} == {BODIES[what]["reason"]}

    def test_renews_for_ever(self, api: Api, pass_: str, license: License) -> None:
        assert send(api, pass_, "renew", license, expires_at=LATER).data["expiry_date"] == LATER
        assert send(api, pass_, "renew", license, expires_at=NEVER).data["expiry_date"] == NEVER
        assert License.objects.get(pk=license.pk).expires_at is None
        assert send(api, pass_, "renew", license, expires_at=None).status == 400

    def test_renews_into_the_future_only(self, api: Api, pass_: str, license: License) -> None:
        past = (timezone.now() - timedelta(days=1)).isoformat()
        assert send(api, pass_, "renew", license, expires_at=past).code == "validation_failed"
        assert send(api, pass_, "renew", license).status == 400

    def test_revokes_at_once_where_it_must_be(self, api: Api, owner: Person, pass_: str, license: License) -> None:
        seat = acquire(api, owner, license).data["session_id"]
        send(api, pass_, "revoke", license)
        assert beat(api, owner, seat).data["revoking"] is True
        send(api, pass_, "revoke", license, immediately=True)
        assert_problem(beat(api, owner, seat), 404, "seat_revoked")
        assert_problem(send(api, pass_, "renew", license, expires_at=LATER), 409, "revocation_is_final")

    def test_transfers_to_an_organization_that_is_there(self, api: Api, pass_: str, license: License) -> None:
        nobody = "6f9619ff-8b86-4011-b42d-00cf4fc964ff"
        assert_problem(send(api, pass_, "transfer", license, organization_id=nobody), 404, "organization_not_found")

    @pytest.mark.parametrize("what", BODIES)
    def test_alone_does_this(self, api: Api, owner: Person, outsider: Person, license: License, what: str) -> None:
        body = self.body(what, outsider)
        assert_problem(send(api, owner.token, what, license, **body), 403, "permission_denied")
        assert_problem(send(api, outsider.token, what, license, **body), 404, "license_not_found")
        assert_problem(send(api, make_api_token(owner), what, license, **body), 403, "insufficient_scope")
        license.refresh_from_db()
        assert (license.status, license.expires_at, license.organization_id) == (
            "active",
            None,
            owner.organization.pk,
        )

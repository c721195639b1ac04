"""Endpoints that an organization's administrators make, change, and delete."""

import base64
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Membership, Role
from accounts.services.organizations import close_organization
from coditect.encryption import decrypt, encrypt, rotate_all
from coditect.journal.models import Event
from tests.api.shapes import assert_problem
from tests.dialects import Answer, Api
from tests.factories import Person, make_api_token, make_person
from tests.webhooks.factories import SECRET, URL, make_delivery, make_endpoint
from tests.webhooks.name_server import NameServer
from webhooks.models import Delivery, Endpoint
from webhooks.services.disable import disable_endpoint
from webhooks.services.enable import enable_endpoint
from webhooks.services.endpoints import MAX_ENDPOINTS

NOBODYS = UUID("6f9619ff-8b86-4011-b42d-00cf4fc964ff")
INSIDE = "https://169.254.169.254/latest/meta-data"
SEATS = ["license.seat.acquired", "license.seat.released"]
REFUSED = {"flat": (400, "validation_failed"), "enveloped": (422, "validation_failed")}


@pytest.fixture
def caller(api: Api, owner: Person) -> Api:
    """The API as the owner of an organization."""
    return api.as_bearer(owner.token)


@pytest.fixture
def stranger(api: Api, outsider: Person) -> Api:
    """The API as the owner of another one."""
    return api.as_bearer(outsider.token)


@pytest.fixture
def endpoint(owner: Person) -> Endpoint:
    """An endpoint of the owner's organization."""
    return make_endpoint(owner.organization)


def events(*types: str) -> list[dict[str, Any]]:
    """The data of what was recorded, in order; of all about webhooks where no types are named."""
    found = Event.objects.filter(type__in=types) if types else Event.objects.filter(type__startswith="webhook.")
    return [event.data for event in found.order_by("at")]


def recorded() -> list[str]:
    """Which events about webhooks were recorded, in order."""
    return list(Event.objects.filter(type__startswith="webhook.").order_by("at").values_list("type", flat=True))


def refuses(answer: Answer, field: str) -> None:
    """The answer is that a field is not acceptable."""
    assert_problem(answer, *REFUSED[answer.dialect])
    assert list(answer.errors) == [field]


class TestCreate:
    def test_answers_the_endpoint_with_its_secret(self, caller: Api, owner: Person) -> None:
        answer = caller.post("webhooks", {"url": URL, "events": SEATS, "description": "Seats"})
        assert answer.status == 201
        endpoint = Endpoint.objects.get()
        assert answer.data == {
            "id": str(endpoint.pk),
            "organization_id": str(owner.organization.pk),
            "url": URL,
            "description": "Seats",
            "events": SEATS,
            "status": "enabled",
            "disabled_reason": None,
            "failing_since": None,
            "previous_secret_until": None,
            "created_at": answer.data["created_at"],
            "secret": answer.data["secret"],
        }
        assert endpoint.created_by == owner.membership.user
        assert endpoint.next_attempt_at is None

    def test_draws_a_secret_of_256_bits_and_keeps_it_encrypted(self, caller: Api) -> None:
        secrets = [caller.post("webhooks", {"url": URL, "events": ["*"]}).data["secret"] for _ in range(2)]
        assert len(set(secrets)) == 2
        for secret, endpoint in zip(secrets, Endpoint.objects.order_by("created_at"), strict=True):
            assert len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) == 32
            assert secret not in endpoint.secret
            assert decrypt(endpoint.secret, context=endpoint.context) == secret

    def test_is_in_no_cache(self, caller: Api) -> None:
        answer = caller.post("webhooks", {"url": URL, "events": ["*"]})
        assert answer.headers["Cache-Control"] == "no-store"

    def test_is_written_down_without_what_may_be_secret_in_the_url(self, caller: Api, owner: Person) -> None:
        id = caller.post("webhooks", {"url": f"{URL}/pa55?key=w0rd", "events": SEATS}).data["id"]
        event = Event.objects.get(type="webhook.created")
        assert (event.subject_type, str(event.subject_id)) == ("endpoint", id)
        assert (event.organization_id, event.actor_id) == (owner.organization.pk, owner.user_id)
        assert event.data == {"webhook_id": id, "host": "93.184.215.14", "events": SEATS}

    def test_names_each_type_once_and_nothing_beside_the_asterisk(self, caller: Api) -> None:
        twice = caller.post("webhooks", {"url": URL, "events": [*reversed(SEATS), *SEATS]})
        every = caller.post("webhooks", {"url": URL, "events": [*SEATS, "*"]})
        assert (twice.data["events"], every.data["events"]) == (SEATS, ["*"])

    @pytest.mark.parametrize(
        "name", ["license.seat.denied", "api_token.created", "license.*", "", "webhook.test", "License.Created"]
    )
    def test_refuses_what_is_no_public_event(self, caller: Api, name: str) -> None:
        refuses(caller.post("webhooks", {"url": URL, "events": ["license.created", name]}), "events.1")
        assert not Endpoint.objects.exists()

    def test_refuses_to_send_nothing(self, caller: Api) -> None:
        refuses(caller.post("webhooks", {"url": URL, "events": []}), "events")

    @pytest.mark.parametrize("url", [INSIDE, "https://127.0.0.1/", "ftp://93.184.215.14/", "//93.184.215.14", "x"])
    def test_refuses_a_url_that_nothing_is_sent_to(self, caller: Api, url: str) -> None:
        refuses(caller.post("webhooks", {"url": url, "events": ["*"]}), "url")
        assert not Endpoint.objects.exists()
        assert recorded() == []

    def test_takes_a_name_that_leads_outside(self, caller: Api, name_server: NameServer) -> None:
        name_server.knows("hooks.example.com", ["93.184.215.14"])
        answer = caller.post("webhooks", {"url": "https://hooks.example.com/in", "events": ["*"]})
        assert (answer.status, answer.data["url"]) == (201, "https://hooks.example.com/in")

    def test_refuses_a_name_that_leads_inside_or_nowhere(self, caller: Api, name_server: NameServer) -> None:
        name_server.knows("inside.example.com", ["93.184.215.14", "10.0.0.5"])
        for host in ("inside", "nowhere"):
            answer = caller.post("webhooks", {"url": f"https://{host}.example.com/", "events": ["*"]})
            refuses(answer, "url")
            assert "10.0.0.5" not in answer.content.decode()
        assert not Endpoint.objects.exists()

    def test_refuses_an_eleventh(self, caller: Api, stranger: Api, owner: Person) -> None:
        for _ in range(MAX_ENDPOINTS - 1):
            make_endpoint(owner.organization)
        tenth = caller.post("webhooks", {"url": URL, "events": ["*"]})
        assert tenth.status == 201
        answer = caller.post("webhooks", {"url": URL, "events": ["*"]})
        assert_problem(answer, 409, "too_many_webhooks")
        assert answer.details == {"limit": 10}
        assert stranger.post("webhooks", {"url": URL, "events": ["*"]}).status == 201
        caller.delete("webhook", webhook_id=tenth.data["id"])
        assert caller.post("webhooks", {"url": URL, "events": ["*"]}).status == 201

    @pytest.mark.parametrize("role", [Role.MEMBER, Role.VIEWER])
    def test_looks_no_name_up_for_those_who_may_not(self, api: Api, owner: Person, role: str) -> None:
        colleague = make_person(role, organization=owner.organization)
        answer = api.as_bearer(colleague.token).post("webhooks", {"url": INSIDE, "events": ["*"]})
        assert_problem(answer, 403, "permission_denied")

    def test_needs_an_api_token_that_administers(self, api: Api, owner: Person) -> None:
        body = {"url": URL, "events": ["*"]}
        bare = make_api_token(owner, "read:org", "manage:licenses")
        assert_problem(api.as_bearer(bare).post("webhooks", body), 403, "insufficient_scope")
        answer = api.as_bearer(make_api_token(owner, "admin:org")).post("webhooks", body)
        assert answer.status == 201
        assert Event.objects.get(type="webhook.created").api_token_id is not None

    def test_sent_again_answers_the_same_secret(self, caller: Api) -> None:
        again = caller.with_headers(idempotency_key="one-endpoint")
        first, second = (again.post("webhooks", {"url": URL, "events": ["*"]}) for _ in range(2))
        assert (first.status, second.status) == (201, 201)
        assert first.data == second.data
        assert Endpoint.objects.count() == 1


class TestShow:
    def test_shows_everything_but_the_secret(self, caller: Api, endpoint: Endpoint) -> None:
        answer = caller.get("webhook", webhook_id=endpoint.pk)
        assert answer.status == 200
        assert (answer.data["id"], answer.data["url"]) == (str(endpoint.pk), URL)
        assert "whsec" not in answer.content.decode()
        assert "secret" not in answer.data

    def test_tells_why_it_is_disabled(self, caller: Api, endpoint: Endpoint) -> None:
        disable_endpoint(endpoint_id=endpoint.pk, reason=Endpoint.DisabledReason.GONE, now=timezone.now())
        data = caller.get("webhook", webhook_id=endpoint.pk).data
        assert (data["status"], data["disabled_reason"]) == ("disabled", "gone")

    def test_hides_it_from_another_organization(self, stranger: Api, endpoint: Endpoint) -> None:
        assert_problem(stranger.get("webhook", webhook_id=endpoint.pk), 404, "webhook_not_found")


class TestList:
    def test_shows_the_organizations_own_the_newest_first(
        self, caller: Api, stranger: Api, owner: Person, endpoint: Endpoint
    ) -> None:
        newer = make_endpoint(owner.organization, created_at=timezone.now() + timedelta(seconds=1))
        rows = caller.get("webhooks").rows("webhooks")
        assert [row["id"] for row in rows] == [str(newer.pk), str(endpoint.pk)]
        assert not any("secret" in row for row in rows)
        assert stranger.get("webhooks").rows("webhooks") == []

    def test_filters_by_status(self, caller: Api, owner: Person, endpoint: Endpoint) -> None:
        disabled = make_endpoint(owner.organization, status="disabled", disabled_reason="failing")
        rows = caller.get("webhooks", {"status": "disabled"}).rows("webhooks")
        assert [row["id"] for row in rows] == [str(disabled.pk)]


class TestChange:
    def test_changes_what_is_named_and_nothing_else(self, caller: Api, endpoint: Endpoint) -> None:
        answer = caller.patch("webhook", {"events": SEATS}, webhook_id=endpoint.pk)
        assert (answer.status, answer.data["events"], answer.data["url"]) == (200, SEATS, URL)
        answer = caller.patch("webhook", {"description": "Ours", "url": f"{URL}/2"}, webhook_id=endpoint.pk)
        assert (answer.data["events"], answer.data["url"], answer.data["description"]) == (SEATS, f"{URL}/2", "Ours")
        assert [data["changed"] for data in events("webhook.updated")] == [["events"], ["description", "url"]]

    @pytest.mark.parametrize("body", [None, {}, {"events": ["*"]}, {"status": "enabled"}, {"url": URL}])
    def test_of_nothing_is_not_written_down(self, caller: Api, endpoint: Endpoint, body: dict[str, Any] | None) -> None:
        assert caller.patch("webhook", body, webhook_id=endpoint.pk).status == 200
        assert recorded() == []

    def test_refuses_a_url_that_nothing_is_sent_to(self, caller: Api, endpoint: Endpoint) -> None:
        refuses(caller.patch("webhook", {"url": INSIDE, "description": "New"}, webhook_id=endpoint.pk), "url")
        endpoint.refresh_from_db()
        assert (endpoint.url, endpoint.description) == (URL, "")

    def test_refuses_what_is_no_public_event(self, caller: Api, endpoint: Endpoint) -> None:
        refuses(caller.patch("webhook", {"events": ["x"]}, webhook_id=endpoint.pk), "events.0")

    def test_tries_another_url_at_once(self, caller: Api, owner: Person) -> None:
        before = timezone.now()
        later = before + timedelta(hours=4)
        failing = make_endpoint(
            owner.organization, failing_since=before, next_attempt_at=later, claimed_until=later, claim=NOBODYS
        )
        make_delivery(failing)
        caller.patch("webhook", {"description": "Another"}, webhook_id=failing.pk)
        failing.refresh_from_db()
        assert (failing.failing_since, failing.next_attempt_at, failing.claim) == (before, later, NOBODYS)
        caller.patch("webhook", {"url": f"{URL}/2"}, webhook_id=failing.pk)
        failing.refresh_from_db()
        assert (failing.failing_since, failing.claimed_until, failing.claim) == (None, None, None)
        assert failing.next_attempt_at is not None
        assert before <= failing.next_attempt_at <= timezone.now()

    def test_of_another_organizations_is_not_found_whatever_the_body(self, stranger: Api, endpoint: Endpoint) -> None:
        for body in ({"description": "Mine"}, {"url": INSIDE}, {"events": 5}):
            assert_problem(stranger.patch("webhook", body, webhook_id=endpoint.pk), 404, "webhook_not_found")
        endpoint.refresh_from_db()
        assert endpoint.description == ""


class TestDisable:
    def test_keeps_what_is_pending(self, caller: Api, endpoint: Endpoint) -> None:
        make_delivery(endpoint)
        answer = caller.patch("webhook", {"status": "disabled"}, webhook_id=endpoint.pk)
        assert (answer.data["status"], answer.data["disabled_reason"]) == ("disabled", "customer")
        assert events("webhook.disabled")[0]["reason"] == "customer"
        assert endpoint.deliveries.in_lane().count() == 1

    def test_leaves_the_reason_of_one_that_is_disabled(self, caller: Api, endpoint: Endpoint) -> None:
        disable_endpoint(endpoint_id=endpoint.pk, reason=Endpoint.DisabledReason.OPERATOR, now=timezone.now())
        answer = caller.patch("webhook", {"status": "disabled"}, webhook_id=endpoint.pk)
        assert (answer.status, answer.data["disabled_reason"]) == (200, "operator")


class TestEnable:
    @pytest.mark.parametrize("reason", ["gone", "failing", "customer"])
    def test_makes_due_what_is_pending(self, caller: Api, owner: Person, reason: str) -> None:
        now = timezone.now()
        endpoint = make_endpoint(
            owner.organization, status="disabled", disabled_reason=reason, failing_since=now - timedelta(days=6)
        )
        make_delivery(endpoint)
        answer = caller.patch("webhook", {"status": "enabled"}, webhook_id=endpoint.pk)
        assert (answer.data["status"], answer.data["disabled_reason"]) == ("enabled", None)
        assert answer.data["failing_since"] is None
        assert list(Endpoint.objects.due(at=timezone.now())) == [endpoint]
        assert recorded() == ["webhook.enabled"]

    def test_waits_for_nothing_where_nothing_is_pending(self, caller: Api, owner: Person) -> None:
        endpoint = make_endpoint(owner.organization, status="disabled", disabled_reason="gone")
        make_delivery(endpoint, status="failed", finished_at=timezone.now())
        caller.patch("webhook", {"status": "enabled"}, webhook_id=endpoint.pk)
        assert Endpoint.objects.get().next_attempt_at is None

    def test_is_not_for_customers_where_the_operators_disabled_it(self, caller: Api, endpoint: Endpoint) -> None:
        disable_endpoint(endpoint_id=endpoint.pk, reason=Endpoint.DisabledReason.OPERATOR, now=timezone.now())
        body = {"status": "enabled", "description": "Please"}
        answer = caller.patch("webhook", body, webhook_id=endpoint.pk)
        assert_problem(answer, 409, "webhook_disabled_by_operator")
        endpoint.refresh_from_db()
        assert (endpoint.is_enabled, endpoint.description) == (False, "")


class TestDelete:
    def test_ends_it_at_once(self, caller: Api, owner: Person, endpoint: Endpoint) -> None:
        rotated = caller.post("rotate-webhook-secret", webhook_id=endpoint.pk)
        make_delivery(endpoint)
        Endpoint.objects.update(next_attempt_at=timezone.now())
        answer = caller.delete("webhook", webhook_id=endpoint.pk)
        assert answer.status == {"flat": 200, "enveloped": 204}[caller.dialect]
        for gone in (caller.get, caller.patch, caller.delete):
            assert_problem(gone("webhook", webhook_id=endpoint.pk), 404, "webhook_not_found")
        assert caller.get("webhooks").rows("webhooks") == []
        assert not Endpoint.objects.due(at=timezone.now()).exists()
        assert not Delivery.objects.for_organization(owner.organization).exists()
        assert rotated.status == 201
        endpoint.refresh_from_db()
        assert (endpoint.secret, endpoint.previous_secret) == ("", "")
        assert [data["webhook_id"] for data in events("webhook.deleted")] == [str(endpoint.pk)]

    def test_cannot_be_undone_by_the_operators(self, caller: Api, endpoint: Endpoint) -> None:
        caller.delete("webhook", webhook_id=endpoint.pk)
        assert not enable_endpoint(endpoint_id=endpoint.pk, now=timezone.now())

    def test_is_not_for_another_organization(self, stranger: Api, endpoint: Endpoint) -> None:
        assert_problem(stranger.delete("webhook", webhook_id=endpoint.pk), 404, "webhook_not_found")
        assert Endpoint.objects.existing().get() == endpoint

    def test_comes_with_the_end_of_the_organization(self, owner: Person, outsider: Person, endpoint: Endpoint) -> None:
        other = make_endpoint(outsider.organization)
        close_organization(organization_id=owner.organization.pk, now=timezone.now())
        assert list(Endpoint.objects.existing()) == [other]
        assert [data["webhook_id"] for data in events("webhook.deleted")] == [str(endpoint.pk)]


class TestRotateSecret:
    def test_keeps_the_previous_one_for_a_day(self, caller: Api, endpoint: Endpoint) -> None:
        before = timezone.now()
        answer = caller.post("rotate-webhook-secret", webhook_id=endpoint.pk)
        assert answer.status == 201
        endpoint.refresh_from_db()
        assert answer.data["secret"] not in {SECRET, endpoint.secret}
        assert decrypt(endpoint.secret, context=endpoint.context) == answer.data["secret"]
        assert decrypt(endpoint.previous_secret, context=endpoint.context) == SECRET
        assert endpoint.previous_secret_until is not None
        day = timedelta(hours=24)
        assert before + day <= endpoint.previous_secret_until <= timezone.now() + day
        assert recorded() == ["webhook.secret_rotated"]

    def test_ends_the_one_before_the_previous_one(self, caller: Api, endpoint: Endpoint) -> None:
        first, second = (caller.post("rotate-webhook-secret", webhook_id=endpoint.pk).data for _ in range(2))
        endpoint.refresh_from_db()
        texts = [decrypt(text, context=endpoint.context) for text in (endpoint.secret, endpoint.previous_secret)]
        assert texts == [second["secret"], first["secret"]]

    def test_is_not_for_another_organization(self, stranger: Api, endpoint: Endpoint) -> None:
        answer = stranger.post("rotate-webhook-secret", webhook_id=endpoint.pk)
        assert_problem(answer, 404, "webhook_not_found")
        endpoint.refresh_from_db()
        assert decrypt(endpoint.secret, context=endpoint.context) == SECRET


class TestRights:
    def test_are_those_of_the_moment(self, api: Api, owner: Person, endpoint: Endpoint) -> None:
        admin = make_person(Role.ADMIN, organization=owner.organization)
        caller = api.as_bearer(admin.token)
        assert caller.get("webhook", webhook_id=endpoint.pk).status == 200
        Membership.objects.filter(pk=admin.membership.pk).update(role=Role.MEMBER)
        for answer in (
            caller.get("webhooks"),
            caller.get("webhook", webhook_id=endpoint.pk),
            caller.patch("webhook", {"description": "x"}, webhook_id=endpoint.pk),
            caller.delete("webhook", webhook_id=endpoint.pk),
            caller.post("rotate-webhook-secret", webhook_id=endpoint.pk),
        ):
            assert_problem(answer, 403, "permission_denied")


class TestSecretsAtRest:
    def test_move_to_a_new_key(self, owner: Person, settings: Settings) -> None:
        endpoint = make_endpoint(owner.organization)
        endpoint.previous_secret = encrypt(SECRET, context=endpoint.context)
        endpoint.previous_secret_until = timezone.now()
        endpoint.save()
        settings.ENCRYPTION_KEYS = {"new": b"n" * 32, **settings.ENCRYPTION_KEYS}
        assert rotate_all() >= 2
        endpoint.refresh_from_db()
        for sealed in (endpoint.secret, endpoint.previous_secret):
            assert sealed.startswith("new:")
            assert decrypt(sealed, context=endpoint.context) == SECRET

    def test_open_for_their_own_endpoint_only(self, owner: Person) -> None:
        one, other = make_endpoint(owner.organization), make_endpoint(owner.organization)
        assert one.context != other.context

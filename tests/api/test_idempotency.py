"""Requests that are sent again with their Idempotency-Key."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Organization, User
from accounts.serializers import organizations as shapes
from coditect import encryption, redis
from coditect.api.idempotency import hash_of_key
from coditect.journal.idempotency import claim, prune_answers
from coditect.journal.models import Event, IdempotencyRecord
from coditect.journal.tasks import prune_old_answers
from licenses.models import License, SeatSession
from tests.api.shapes import assert_problem
from tests.dialects import Answer, Api
from tests.factories import PASSWORD, Person, log_in, make_api_token

ACCOUNT = {"email": "ada@example.com", "password": PASSWORD, "full_name": "Ada", "company_name": "Acme"}
KEY = "0b8a4f0e"


@pytest.fixture
def me(api: Api, owner: Person) -> Api:
    """The owner, with a key."""
    return api.as_bearer(owner.token).with_headers(idempotency_key=KEY)


def acquire(api: Api, license: License, machine: str = "machine") -> Answer:
    """Ask for a seat."""
    return api.post("acquire", {"license_key": license.key_string, "hardware_id": machine})


def is_replay(answer: Answer) -> bool:
    """Whether the answer was given before."""
    return "Idempotency-Replayed" in answer.headers


def denials() -> int:
    """How often somebody was refused a seat."""
    return Event.objects.filter(type="license.seat.denied").count()


class TestRepeatedRequest:
    def test_without_a_key_happens_again(self, api: Api, owner: Person) -> None:
        me = api.as_bearer(owner.token)
        first, second = (me.post("organizations", {"name": "Second Inc"}) for _ in range(2))
        assert first.data["id"] != second.data["id"]
        assert not IdempotencyRecord.objects.exists()

    def test_with_another_key_happens_again(self, me: Api) -> None:
        first = me.post("organizations", {"name": "Second Inc"})
        second = me.with_headers(idempotency_key="other").post("organizations", {"name": "Second Inc"})
        assert first.data["id"] != second.data["id"]

    def test_is_the_same_however_its_body_is_written(self, me: Api) -> None:
        url = me.url("tokens")
        me.send("POST", url, raw=b'{"name": "CI", "scopes": ["read:licenses"]}')
        assert is_replay(me.send("POST", url, raw=b'{ "scopes":["read:licenses"],"name":"CI" }'))

    def test_to_another_endpoint_is_refused(self, me: Api) -> None:
        me.post("organizations", {"name": "Second Inc"})
        answer = me.post("tokens", {"name": "Second Inc"})
        assert_problem(answer, 400 if me.dialect == "flat" else 422, "idempotency_key_reused")

    def test_to_another_organization_is_refused(self, me: Api, owner: Person, license: License) -> None:
        acquire(me, license)
        answer = acquire(me.with_headers(x_organization_id=str(owner.organization.pk)), license)
        assert_problem(answer, 400 if me.dialect == "flat" else 422, "idempotency_key_reused")

    def test_of_the_same_user_after_another_log_in_is_answered(self, me: Api, owner: Person) -> None:
        first = me.post("organizations", {"name": "Second Inc"})
        again = me.as_bearer(log_in(owner.membership.user)).post("organizations", {"name": "Second Inc"})
        assert (is_replay(again), again.data) == (True, first.data)

    def test_by_an_api_token_is_not_its_users(self, me: Api, owner: Person, license: License) -> None:
        first = acquire(me, license)
        by_token = acquire(me.as_bearer(make_api_token(owner)), license)
        assert (first.status, by_token.status, is_replay(by_token)) == (201, 200, False)

    def test_still_counts_against_the_limit(self, me: Api, license: License) -> None:
        left = [int(acquire(me, license).headers["X-RateLimit-Remaining"]) for _ in range(2)]
        assert left == [99, 98]

    def test_of_somebody_who_was_locked_out_is_refused(self, me: Api, owner: Person) -> None:
        me.post("organizations", {"name": "Second Inc"})
        User.objects.filter(pk=owner.user_id).update(is_active=False)
        assert me.post("organizations", {"name": "Second Inc"}).status == 401

    @pytest.mark.parametrize("name", ["log-in", "validate", "request-code"])
    def test_that_creates_nothing_needs_no_key(self, api: Api, name: str) -> None:
        answer = api.with_headers(idempotency_key="x" * 300).post(name, {"email": "a@b.example", "key_string": "x"})
        assert answer.status != 500
        assert answer.json.get("code") != "idempotency_key_invalid"
        assert not IdempotencyRecord.objects.exists()

    def test_of_strangers_behind_one_address_is_told_apart_by_endpoint(self, api: Api) -> None:
        api.with_headers(idempotency_key=KEY).post("register", ACCOUNT)
        answer = api.with_headers(idempotency_key=KEY).post("accept-invitation", {"token": "x", **ACCOUNT})
        assert_problem(answer, 404, "invitation_not_found")


class TestRefusal:
    def test_frees_its_key(self, me: Api, license: License) -> None:
        for number in range(license.max_seats):
            acquire(me.with_headers(idempotency_key=f"other-{number}"), license, f"machine-{number}")
        assert_problem(acquire(me, license), 409, "no_seats_available")
        SeatSession.objects.update(ended_at=timezone.now(), end_reason="released")
        redis.client.flushdb()
        assert (acquire(me, license).status, is_replay(acquire(me, license))) == (201, True)

    def test_keeps_what_was_committed_before_it(self, me: Api, license: License) -> None:
        for number in range(license.max_seats):
            acquire(me.with_headers(idempotency_key=f"other-{number}"), license, f"machine-{number}")
        assert [acquire(me, license).status for _ in range(2)] == [409, 409]
        assert denials() == 2
        assert IdempotencyRecord.objects.count() == license.max_seats

    def test_of_a_taken_address_undoes_only_itself(self, api: Api) -> None:
        api.post("register", ACCOUNT)
        users, organizations = User.objects.count(), Organization.objects.count()
        answer = api.with_headers(idempotency_key=KEY).post("register", {**ACCOUNT, "company_name": "Other"})
        assert_problem(answer, 409, "email_taken")
        assert (User.objects.count(), Organization.objects.count()) == (users, organizations)
        assert not IdempotencyRecord.objects.exists()

    def test_of_a_body_frees_its_key_for_a_better_one(self, me: Api) -> None:
        assert me.post("organizations", {}).status in {400, 422}
        assert me.post("organizations", {"name": "Second Inc"}).status == 201

    def test_by_a_defect_leaves_nothing(self, me: Api, monkeypatch: pytest.MonkeyPatch) -> None:
        def explode(*_: Any) -> None:
            raise RuntimeError

        before = Organization.objects.count()
        monkeypatch.setattr(shapes, "present_own_organization", explode)
        assert me.post("organizations", {"name": "Second Inc"}).status == 500
        assert (Organization.objects.count(), IdempotencyRecord.objects.count()) == (before, 0)


class TestKeptAnswer:
    def test_is_forgotten_after_a_day(self, me: Api) -> None:
        first = me.post("organizations", {"name": "Second Inc"})
        IdempotencyRecord.objects.update(created_at=timezone.now() - timedelta(hours=24))
        second = me.post("organizations", {"name": "Another Inc"})
        assert (is_replay(second), second.data["id"] != first.data["id"]) == (False, True)
        assert is_replay(me.post("organizations", {"name": "Another Inc"}))

    def test_is_there_until_then(self, me: Api) -> None:
        me.post("organizations", {"name": "Second Inc"})
        almost = timezone.now() - timedelta(hours=23, minutes=59)
        IdempotencyRecord.objects.update(created_at=almost)
        prune_old_answers()
        assert is_replay(me.post("organizations", {"name": "Second Inc"}))

    def test_is_pruned(self, me: Api) -> None:
        me.post("organizations", {"name": "Second Inc"})
        now = timezone.now()
        prune_answers(now=now + timedelta(hours=23))
        assert IdempotencyRecord.objects.count() == 1
        prune_answers(now=now + timedelta(hours=25))
        assert not IdempotencyRecord.objects.exists()

    def test_lies_nowhere_in_clear(self, me: Api, api: Api) -> None:
        secret = me.post("tokens", {"name": "CI", "scopes": ["read:licenses"]}).data["token"]
        api.with_headers(idempotency_key=KEY).post("register", ACCOUNT)
        with connection.cursor() as cursor:
            cursor.execute("SELECT string_agg(record::text, ' ') FROM journal_idempotencyrecord AS record")
            stored = cursor.fetchone()[0]
        assert IdempotencyRecord.objects.count() == 2
        assert [text for text in (secret, KEY, *ACCOUNT.values()) if text in stored] == []
        assert is_replay(me.post("tokens", {"name": "CI", "scopes": ["read:licenses"]}))

    def test_opens_only_in_its_own_place(self, me: Api, outsider: Person) -> None:
        me.post("organizations", {"name": "Second Inc"})
        mine = IdempotencyRecord.objects.get()
        other = me.as_bearer(outsider.token)
        other.post("organizations", {"name": "Third Inc"})
        IdempotencyRecord.objects.exclude(pk=mine.pk).update(sealed=mine.sealed)
        assert other.post("organizations", {"name": "Second Inc"}).status == 500

    def test_follows_the_rotation_of_keys(self, me: Api, settings: Settings) -> None:
        first = me.post("organizations", {"name": "Second Inc"})
        settings.ENCRYPTION_KEYS = {"new": b"n" * 32, **settings.ENCRYPTION_KEYS}
        assert encryption.rotate_all() == 1
        settings.ENCRYPTION_KEYS = {"new": b"n" * 32}
        assert me.post("organizations", {"name": "Second Inc"}).data == first.data


class TestRequestInProgress:
    @pytest.mark.django_db(transaction=True)
    def test_makes_its_twin_wait_and_then_say_so(self, owner: Person, api: Api) -> None:
        me = api.as_bearer(owner.token).with_headers(idempotency_key=KEY)

        def send() -> Answer:
            answer = me.post("organizations", {"name": "Second Inc"})
            connection.close()
            return answer

        with ThreadPoolExecutor(1) as pool, transaction.atomic():
            assert claim(hash_of_key(f"user:{owner.user_id}", KEY), now=timezone.now()) is None
            answer = pool.submit(send).result(30)
        assert_problem(answer, 409, "idempotency_in_progress")
        assert not Organization.objects.filter(name="Second Inc").exists()

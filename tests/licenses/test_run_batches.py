"""Batches by the services: each item once, whatever is in the way."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from coditect.journal.models import Event
from coditect.journal.origin import Origin, acting_from
from licenses.models import Batch, BatchItem, License
from licenses.services import run_batch
from licenses.services.life import revoke_license, suspend_license
from licenses.services.rotate_key import rotate_key
from licenses.services.run_batch import ATTEMPTS, run_batches
from tests.factories import Person, make_license
from tests.licenses.batches import NOBODYS, counts, do_one, happened, make_licenses, order, outcomes, run, statuses
from tests.licenses.broken_inserts import broken_insert

SUCCEEDED, PENDING, CANCELED = ("succeeded", ""), ("pending", ""), ("canceled", "")
NOT_FOUND = ("failed", "license_not_found")
TOMORROW = timedelta(days=1)


def verdicts(batch: Batch) -> list[Any]:
    """The codes of the verdicts that a batch came to; None where there is none, empty for a good key."""
    items = BatchItem.objects.filter(batch=batch).order_by("position")
    return [item.verdict and item.verdict["code"] for item in items]


class TestActing:
    def test_does_it_to_each_license(self, owner: Person) -> None:
        licenses = make_licenses(owner, 3)
        batch = order(owner, "suspend", licenses, reason="unpaid")
        assert (batch.status, batch.total, batch.started_at) == ("queued", 3, None)
        run()
        assert (counts(batch), outcomes(batch)) == (("completed", 3, 0), [SUCCEEDED] * 3)
        assert statuses(licenses) == ["suspended"] * 3
        assert batch.started_at is not None
        assert batch.finished_at is not None
        assert Event.objects.filter(type="license.suspended", data__reason="unpaid").count() == 3

    def test_takes_more_turns_than_one(self, owner: Person, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(run_batch, "ACTIONS_PER_TURN", 2)
        licenses = make_licenses(owner, 5)
        batch = order(owner, "suspend", licenses)
        run()
        assert (counts(batch), happened("license.suspended", licenses)) == (("completed", 5, 0), 5)

    def test_finds_licenses_by_their_keys_however_written(self, owner: Person) -> None:
        licenses = make_licenses(owner, 2)
        batch = order(owner, "suspend", keys=[f" {license.key_string.lower()}" for license in licenses])
        run()
        assert (outcomes(batch), statuses(licenses)) == ([SUCCEEDED] * 2, ["suspended"] * 2)

    def test_reinstates(self, owner: Person) -> None:
        licenses = make_licenses(owner, 2)
        order(owner, "suspend", licenses)
        run()
        order(owner, "reinstate", licenses)
        run()
        assert statuses(licenses) == ["active"] * 2
        assert happened("license.reinstated", licenses) == 2

    def test_renews(self, owner: Person, license: License) -> None:
        ends = timezone.now() + TOMORROW
        order(owner, "renew", [license], expires_at=ends)
        run()
        license.refresh_from_db()
        assert license.expires_at == ends

    @pytest.mark.parametrize("operation", ["validate", "suspend", "reinstate", "renew"])
    def test_knows_no_license_of_strangers(self, owner: Person, outsider: Person, operation: str) -> None:
        own, foreign = make_license(owner.organization), make_license(outsider.organization)
        more: dict[str, Any] = {"expires_at": timezone.now() + TOMORROW} if operation == "renew" else {}
        by_id = order(owner, operation, ids=[foreign.pk, NOBODYS, own.pk], **more)
        by_key = order(owner, operation, keys=[foreign.key_string, "PROD-2025-NONE-0000", "-", own.key_string], **more)
        run()
        assert outcomes(by_id) == [NOT_FOUND, NOT_FOUND, SUCCEEDED]
        assert outcomes(by_key) == [NOT_FOUND, NOT_FOUND, NOT_FOUND, SUCCEEDED]
        assert not Event.objects.filter(subject_id=foreign.pk).exclude(type="license.created").exists()

    def test_says_what_each_refused(self, owner: Person) -> None:
        licenses = make_licenses(owner, 3)
        revoke_license(license_id=licenses[1].pk, now=timezone.now())
        batch = order(owner, "suspend", licenses)
        run()
        assert counts(batch) == ("completed", 2, 1)
        assert outcomes(batch) == [SUCCEEDED, ("failed", "revocation_is_final"), SUCCEEDED]
        assert BatchItem.objects.get(batch=batch, position=2).message

    def test_answers_each_place_where_a_license_is_named(self, owner: Person, license: License) -> None:
        batch = order(owner, "suspend", [license, license])
        run()
        assert (outcomes(batch), happened("license.suspended", [license])) == ([SUCCEEDED] * 2, 1)

    def test_is_recorded_as_done_by_whoever_ordered_it(self, owner: Person, license: License) -> None:
        with acting_from(Origin(user_id=owner.user_id, api_token_id=NOBODYS, request_id="req_1")):
            batch = order(owner, "suspend", [license])
        run()
        for subject, event_type in ((license, "license.suspended"), (batch, "batch.completed")):
            event = Event.objects.get(subject_id=subject.pk, type=event_type)
            assert (event.actor_id, event.api_token_id, event.request_id) == (owner.user_id, NOBODYS, "req_1")

    def test_is_told_once_in_the_audit(self, owner: Person) -> None:
        batch = order(owner, "suspend", make_licenses(owner, 3))
        run()
        run()
        found = Event.objects.filter(subject_id=batch.pk).order_by("at").values_list("type", "organization_id", "data")
        data = {"batch_id": str(batch.pk), "operation": "suspend", "total": 3}
        assert list(found) == [
            ("batch.created", owner.organization.pk, data | {"succeeded": 0, "failed": 0}),
            ("batch.completed", owner.organization.pk, data | {"succeeded": 3, "failed": 0}),
        ]


class TestValidating:
    def test_comes_to_the_verdicts_of_validate(self, owner: Person) -> None:
        now = timezone.now()
        good, suspended, expired = make_licenses(owner, 3)
        suspend_license(license_id=suspended.pk, now=now)
        License.objects.filter(pk=expired.pk).update(expires_at=now - TOMORROW)
        mistyped = good.key_string[:-1] + ("0" if good.key_string[-1] != "0" else "1")
        by_key = order(
            owner,
            "validate",
            keys=[good.key_string, suspended.key_string, expired.key_string, mistyped, "PROD-2025-NONE-0000"],
        )
        by_id = order(owner, "validate", ids=[good.pk, suspended.pk, NOBODYS])
        run()
        assert verdicts(by_key) == ["", "suspended", "expired", "malformed_key", "not_found"]
        assert outcomes(by_key) == [SUCCEEDED] * 4 + [NOT_FOUND]
        assert (verdicts(by_id), outcomes(by_id)) == (["", "suspended", "not_found"], [SUCCEEDED, SUCCEEDED, NOT_FOUND])
        assert (counts(by_key), counts(by_id)) == (("completed", 4, 1), ("completed", 2, 1))

    def test_knows_keys_that_were_replaced(self, owner: Person, outsider: Person, license: License) -> None:
        now, former = timezone.now(), license.key_string
        new = rotate_key(license_id=license.pk, grace_days=1, now=now).license.key_string
        batch = order(owner, "validate", keys=[former, new])
        run_batches(clock=lambda: now)
        later = order(owner, "validate", keys=[former, new])
        run_batches(clock=lambda: now + 2 * TOMORROW)
        assert (verdicts(batch), verdicts(later)) == (["", ""], ["revoked", ""])
        suspension = order(owner, "suspend", keys=[former])
        run_batches(clock=lambda: now + 2 * TOMORROW)
        assert outcomes(suspension) == [("failed", "license_revoked")]
        by_stranger = order(outsider, "suspend", keys=[former])
        run_batches(clock=lambda: now + 2 * TOMORROW)
        assert outcomes(by_stranger) == [NOT_FOUND]

    def test_changes_nothing(self, owner: Person, license: License) -> None:
        order(owner, "validate", [license])
        before = Event.objects.exclude(type__startswith="batch.").count()
        run()
        assert Event.objects.exclude(type__startswith="batch.").count() == before

    def test_takes_a_few_statements_for_many(self, owner: Person) -> None:
        batch = order(owner, "validate", keys=[f"SOME-KEY-{number}" for number in range(900)])
        with CaptureQueriesContext(connection) as queries:
            run()
        assert (counts(batch), len(queries) < 20) == (("completed", 0, 900), True)


class TestOutage:
    def test_leaves_the_item_for_the_next_run(self, owner: Person) -> None:
        licenses = make_licenses(owner, 3)
        batch = order(owner, "suspend", licenses)
        with broken_insert("journal_event", nth=2):
            run()
            assert (counts(batch), outcomes(batch)) == (("running", 1, 0), [SUCCEEDED, PENDING, PENDING])
            assert statuses(licenses) == ["suspended", "active", "active"]
            run()
        assert counts(batch) == ("completed", 3, 0)
        assert [happened("license.suspended", [license]) for license in licenses] == [1, 1, 1]

    def test_puts_the_item_behind_those_not_tried_yet(self, owner: Person) -> None:
        first, second = make_licenses(owner, 2)
        batch = order(owner, "suspend", [first, second])
        with broken_insert("journal_event"):
            run()
            do_one(batch)
        assert outcomes(batch) == [PENDING, SUCCEEDED]

    def test_that_does_not_end_ends_the_item(self, owner: Person, license: License) -> None:
        batch = order(owner, "suspend", [license])
        BatchItem.objects.filter(batch=batch).update(attempts=ATTEMPTS - 1)
        with broken_insert("journal_event"):
            run()
            assert counts(batch) == ("running", 0, 0)
            run()
        assert (counts(batch), outcomes(batch)) == (("completed", 0, 1), [("failed", "service_unavailable")])
        assert statuses([license]) == ["active"]

    def test_of_one_batch_holds_up_no_other(self, owner: Person, outsider: Person) -> None:
        stuck, free = order(owner, "suspend", make_licenses(owner, 1)), order(outsider, "validate", ids=[NOBODYS])
        with broken_insert("journal_event"):
            run()
        assert (counts(stuck), counts(free)) == (("running", 0, 0), ("completed", 0, 1))

    def test_says_no_key(self, owner: Person, license: License, caplog: pytest.LogCaptureFixture) -> None:
        order(owner, "suspend", keys=[license.key_string])
        with broken_insert("journal_event"):
            run()
        assert "rests until the next run" in caplog.text
        assert license.key_normalized not in caplog.text


class TestDefect:
    def test_fails_the_item_and_undoes_it(
        self, owner: Person, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        licenses = make_licenses(owner, 2)

        def break_after_the_first(batch: Batch, license_id: object, now: datetime) -> None:
            suspend_license(license_id=licenses[0].pk, now=now)
            if license_id == licenses[0].pk:
                raise ZeroDivisionError(licenses[0].key_normalized)

        monkeypatch.setattr(run_batch, "ACTIONS", {"suspend": break_after_the_first})
        batch = order(owner, "suspend", licenses)
        do_one(batch)
        assert outcomes(batch) == [("failed", "internal_error"), PENDING]
        assert statuses(licenses) == ["active", "active"]
        assert "ZeroDivisionError" in caplog.text
        assert licenses[0].key_normalized not in caplog.text

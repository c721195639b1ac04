"""Verdicts are remembered, and no remembered verdict outlives a change of its license."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from coditect import redis
from licenses import keys, verdicts
from licenses.models import License
from licenses.services.capacity import change_seats
from licenses.services.close import close_licenses
from licenses.services.judge import Verdict, judge
from licenses.services.remember import look_up, remember
from licenses.services.rotate_key import rotate_key
from licenses.services.validate import validate_key
from tests.bench.costs import Cost, counting
from tests.factories import Person, make_license
from tests.licenses.outage import redis_away
from tests.licenses.unhurried import give_time
from tests.workshop.files import APPS, ROOT

pytestmark = pytest.mark.django_db(transaction=True)
UNKNOWN = "PROD-2025-NONE-0000"
SPANS = (verdicts.READING, verdicts.LIFE, verdicts.DOUBT, verdicts.MARKED)


@pytest.fixture(autouse=True)
def _unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    give_time(monkeypatch)


def ask(license: License) -> Verdict:
    """The verdict now."""
    return validate_key(license.key_string, now=timezone.now())


def cost_of_asking(key: str) -> Cost:
    """What a verdict takes."""
    with counting() as cost:
        validate_key(key, now=timezone.now())
    return cost


def suspend(license: License) -> None:
    """Suspend it, as any service would."""
    license.status = License.Status.SUSPENDED
    license.save(update_fields=["status"])


def entries() -> list[bytes]:
    """What Redis holds of verdicts."""
    return sorted(redis.client.scan_iter("verdict:*"))


def contents() -> list[tuple[bytes, bytes]]:
    """The same with what lies there."""
    found = redis.client.mget(entries())
    return [(name, value) for name, value in zip(entries(), found, strict=True) if isinstance(value, bytes)]


class TestAWarmVerdict:
    def test_is_one_read_and_no_sql(self, license: License) -> None:
        first = ask(license)
        cost = cost_of_asking(license.key_string)
        assert (cost.statements, cost.round_trips) == ([], 1)
        assert ask(license) == first

    def test_is_the_same_for_every_spelling(self, license: License) -> None:
        ask(license)
        assert cost_of_asking(license.key_string.lower().replace("-", " ")).statements == []

    @pytest.mark.parametrize("status", ["suspended", "revoked"])
    def test_may_be_a_bad_one(self, license: License, status: str) -> None:
        now = timezone.now()
        license = make_license(license.organization)
        License.objects.filter(pk=license.pk).update(status=status)
        redis.client.flushdb()
        assert validate_key(license.key_string, now=now).code == status
        assert cost_of_asking(license.key_string).statements == []

    def test_is_forgotten_when_its_time_is_over(self, license: License) -> None:
        ask(license)
        [name] = entries()
        assert 0 < redis.client.pttl(name) <= verdicts.LIFE / verdicts.MILLISECOND
        assert look_up(keys.normalize(license.key_string), now=timezone.now() + verdicts.LIFE).verdict is None

    def test_is_at_most_five_seconds_old(self) -> None:
        assert SPANS[1] == timedelta(seconds=5)
        assert list(SPANS) == sorted(set(SPANS)), "each span must outlast those before it"

    def test_is_not_believed_by_a_clock_that_runs_behind(self, license: License) -> None:
        ask(license)
        past = timezone.now() - timedelta(seconds=1)
        assert look_up(keys.normalize(license.key_string), now=past).verdict is None

    def test_ends_with_its_license(self, owner: Person) -> None:
        now = timezone.now()
        ends = now + timedelta(minutes=1)
        license = make_license(owner.organization, expires_at=ends)
        assert validate_key(license.key_string, now=now).is_valid
        [name] = entries()
        assert redis.client.pttl(name) <= 60_000
        assert validate_key(license.key_string, now=ends).code == "expired"

    def test_does_not_show_the_key_in_redis(self, license: License) -> None:
        ask(license)
        [(name, value)] = contents()
        text = name + value
        assert license.key_string.encode() not in text
        assert keys.normalize(license.key_string).encode() not in text


class TestKeysThatNobodyHas:
    @pytest.mark.parametrize("key", [UNKNOWN, "DEV-2026-0000-0000-0000-0000-0000-0000-00ZZ"])
    def test_leave_nothing_in_redis(self, db: None, key: str) -> None:
        before = set(redis.client.scan_iter())
        assert not validate_key(key, now=timezone.now()).is_valid
        assert set(redis.client.scan_iter()) == before

    def test_are_known_as_soon_as_somebody_has_them(self, owner: Person) -> None:
        assert validate_key(UNKNOWN, now=timezone.now()).code == "not_found"
        assert ask(make_license(owner.organization, key=UNKNOWN)).is_valid


CHANGES: dict[str, Callable[[License], object]] = {
    "save": suspend,
    "update": lambda license: License.objects.filter(pk=license.pk).update(status="suspended"),
    "update by another table": lambda license: license.organization.licenses.update(status="suspended"),
    "bulk update": lambda license: License.objects.bulk_update([_suspended(license)], ["status"]),
    "update or create": lambda license: License.objects.update_or_create(
        pk=license.pk, defaults={"status": "suspended"}
    ),
    "rotation of the key, without a grace": lambda license: rotate_key(
        license_id=license.pk, now=timezone.now(), grace_days=0
    ),
    "deletion of the organization": lambda license: close_licenses(
        organization_id=license.organization_id, now=timezone.now()
    ),
}


def _suspended(license: License) -> License:
    license.status = License.Status.SUSPENDED
    return license


class TestAChange:
    @pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
    def test_counts_at_once_however_it_is_written(self, license: License, change: Callable[[License], object]) -> None:
        assert ask(license).is_valid
        change(license)
        assert not ask(license).is_valid

    def test_is_written_by_the_model_alone(self) -> None:
        sources = [(path, path.read_text(encoding="utf-8")) for app in APPS for path in (ROOT / app).rglob("*.py")]
        behind_its_back = re.compile(
            r"UPDATE\s+\"?licenses_license\b|save_base|_raw_update|_base_manager", re.IGNORECASE
        )
        assert [str(path) for path, text in sources if behind_its_back.search(text)] == []

    def test_of_the_seats_counts_at_once(self, license: License) -> None:
        ask(license)
        change_seats(license_id=license.pk, seats=7)
        terms = ask(license).terms
        assert terms is not None
        assert terms.max_seats == 7

    def test_counts_from_the_commit_on_though_the_process_die_right_after(self, license: License) -> None:
        heard: list[str] = []
        ask(license)
        with transaction.atomic():
            # Before whatever the change itself does once it is committed.
            transaction.on_commit(lambda: heard.append(ask(license).code))
            suspend(license)
        assert heard == ["suspended"]

    def test_that_is_undone_changes_nothing(self, license: License) -> None:
        ask(license)
        with transaction.atomic():
            suspend(license)
            transaction.set_rollback(True)
        assert ask(license).is_valid

    def test_lets_verdicts_be_remembered_again_in_the_end(self, license: License) -> None:
        suspend(license)
        [name] = entries()
        assert 0 < redis.client.pttl(name) <= verdicts.MARKED / verdicts.MILLISECOND
        redis.client.delete(name)
        ask(license)
        assert cost_of_asking(license.key_string).statements == []


class TestAReaderWhoLookedBefore:
    """Looks at Redis and the database before a change, and brings the verdict to Redis at some moment of it."""

    @pytest.fixture
    def bring(self, license: License) -> Callable[[], None]:
        key, now = keys.normalize(license.key_string), timezone.now()
        place, old = look_up(key, now=now), judge(license.keys.get(), key=key, now=now)
        return lambda: remember(old, place)

    def test_is_heard_where_nothing_changes(self, license: License, bring: Callable[[], None]) -> None:
        bring()
        assert cost_of_asking(license.key_string).statements == []

    def test_is_not_heard_before_the_commit(self, license: License, bring: Callable[[], None]) -> None:
        with transaction.atomic():
            suspend(license)
            bring()
        assert ask(license).code == "suspended"

    def test_is_not_heard_after_the_commit(self, license: License, bring: Callable[[], None]) -> None:
        suspend(license)
        bring()
        assert ask(license).code == "suspended"

    def test_is_overruled_where_the_change_took_longer_than_its_mark(
        self, license: License, bring: Callable[[], None]
    ) -> None:
        with transaction.atomic():
            suspend(license)
            redis.client.flushdb()
            bring()
        assert ask(license).code == "suspended"

    def test_is_not_heard_once_the_mark_may_be_gone(self, license: License, bring: Callable[[], None]) -> None:
        key_hash = keys.hash_key(keys.normalize(license.key_string))
        look = verdicts.look(key_hash)
        late = verdicts.Look(
            text=None, at_ms=look.at_ms - verdicts.READING // verdicts.MILLISECOND - 1, generation=look.generation
        )
        assert not verdicts.keep(key_hash, "old", since=late, life=verdicts.LIFE)
        assert verdicts.keep(key_hash, "new", since=look, life=verdicts.LIFE)

    def test_is_not_heard_by_another_redis(self, license: License) -> None:
        key_hash = keys.hash_key(keys.normalize(license.key_string))
        look = verdicts.look(key_hash)
        other = verdicts.Look(text=None, at_ms=look.at_ms, generation="0" * 40)
        assert not verdicts.keep(key_hash, "old", since=other, life=verdicts.LIFE)


class TestWithoutRedis:
    def test_the_database_answers(self, license: License) -> None:
        with redis_away():
            assert ask(license).is_valid
            suspend(license)
            assert ask(license).code == "suspended"

    def test_a_change_counts_when_redis_comes_back(self, license: License) -> None:
        assert ask(license).is_valid
        with redis_away():
            suspend(license)
        assert entries()
        assert ask(license).code == "suspended"

    def test_what_redis_held_before_a_restart_is_not_believed(self, license: License) -> None:
        ask(license)
        [(name, value)] = contents()
        redis.client.set(name, b"0" * 40 + value[40:])
        assert len(cost_of_asking(license.key_string).statements) == 1

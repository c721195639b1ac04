"""What a process remembers of the clocks and of Redis's use, and what it refuses to conclude."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from coditect.redis import RedisUnavailable
from licenses import leases
from licenses.models import License
from licenses.services.seats import LockedLicense

NOTED = datetime(2026, 1, 9, 10, 30, tzinfo=UTC)
SILENCE = timedelta(seconds=370)
STEP = timedelta(seconds=10)


class Clock:
    """A monotonic clock that runs only when told to, and the database's beside it."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.database = NOTED

    def monotonic(self) -> float:
        """As `time.monotonic` does."""
        return self.seconds

    def run(self, memory: leases.Memory, period: timedelta, *, every: timedelta = STEP) -> None:
        """Let time pass while the process reads the clock and the note so often."""
        for _ in range(period // every):
            self.seconds += every.total_seconds()
            self.database += every
            memory.heard_database(self.database)
            memory.heard_note(NOTED)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(leases, "time", clock)
    return clock


@pytest.fixture
def memory(clock: Clock) -> leases.Memory:
    memory = leases.Memory()
    clock.run(memory, STEP)
    return memory


class TestSilence:
    def test_is_heard_by_who_watches(self, clock: Clock, memory: leases.Memory) -> None:
        clock.run(memory, SILENCE)
        assert not memory.saw_silence_for(SILENCE)
        clock.run(memory, STEP)
        assert memory.saw_silence_for(SILENCE)

    def test_is_not_heard_by_who_looks_away(self, clock: Clock, memory: leases.Memory) -> None:
        clock.run(memory, 2 * SILENCE, every=timedelta(seconds=21))
        assert not memory.saw_silence_for(SILENCE)

    def test_ends_with_a_new_note(self, clock: Clock, memory: leases.Memory) -> None:
        clock.run(memory, 2 * SILENCE)
        memory.heard_note(NOTED + STEP)
        assert not memory.saw_silence_for(SILENCE)

    def test_is_doubted_when_the_database_steps(self, clock: Clock, memory: leases.Memory) -> None:
        clock.run(memory, 2 * SILENCE)
        memory.heard_database(clock.database + timedelta(minutes=10))
        assert not memory.saw_silence_for(SILENCE)

    def test_means_nothing_where_redis_was_never_used(self, clock: Clock) -> None:
        memory = leases.Memory()
        memory.heard_note(None)
        clock.seconds += 10_000
        assert not memory.saw_silence_for(SILENCE)


@pytest.mark.django_db(transaction=True)
class TestLock:
    def test_that_is_too_old_changes_nothing_in_redis(self, license: License) -> None:
        now = datetime.now(tz=UTC)
        leases.memory.heard_database(now)
        with pytest.raises(RedisUnavailable):
            leases.seed(license, [], now=now - timedelta(seconds=5))
        with pytest.raises(leases.Unseeded):
            leases.count(license)

    def test_is_looked_at_again_before_leases_are_written_anew(self, license: License) -> None:
        with transaction.atomic():
            locked = LockedLicense.take(License.objects.filter(pk=license.pk))
            assert locked is not None
            looked_at = locked.now
            locked.ask(lambda: leases.describe(license, used_seats=0, now=locked.now))
        assert locked.now > looked_at

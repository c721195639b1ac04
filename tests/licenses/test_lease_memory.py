"""What a process remembers of the clocks and of Redis's use, and what it refuses to conclude."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from coditect.redis import RedisUnavailable
from licenses import leases
from licenses.models import License
from licenses.services.seats import LockedLicense, watch_clock

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
            self.tell(memory)

    def tell(self, memory: leases.Memory, *, seconds: float = 0.0, **notes: datetime) -> None:
        """Let the process hear the database's clock, by a question that took so long."""
        asked_at = (self.seconds - seconds) * 1000
        memory.heard_database(self.database, asked_at=asked_at, notes=leases.Notes(**{"seen_at": NOTED, **notes}))


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
        clock.tell(memory, seen_at=NOTED + STEP)
        assert not memory.saw_silence_for(SILENCE)

    def test_is_doubted_when_the_database_steps(self, clock: Clock, memory: leases.Memory) -> None:
        clock.run(memory, 2 * SILENCE)
        clock.database += timedelta(minutes=10)
        clock.tell(memory)
        assert not memory.saw_silence_for(SILENCE)

    def test_means_nothing_where_redis_was_never_used(self, clock: Clock) -> None:
        memory = leases.Memory()
        memory.heard_database(clock.database, asked_at=0, notes=leases.Notes())
        clock.seconds += 10_000
        assert not memory.saw_silence_for(SILENCE)


class TestStep:
    """Of the database's clock: until promises made before it are over, a lease that looks past proves nothing."""

    @pytest.mark.parametrize("minutes", [10, -10])
    def test_is_noticed_and_forgotten(self, clock: Clock, memory: leases.Memory, minutes: int) -> None:
        clock.database += timedelta(minutes=minutes)
        clock.tell(memory)
        assert memory.steady_in(SILENCE) == SILENCE
        clock.run(memory, SILENCE - STEP)
        assert memory.steady_in(SILENCE) == STEP
        clock.run(memory, STEP)
        assert not memory.steady_in(SILENCE)

    def test_is_not_seen_in_a_question_that_took_long(self, clock: Clock, memory: leases.Memory) -> None:
        clock.seconds += 9
        clock.tell(memory, seconds=9)
        clock.run(memory, STEP)
        assert not memory.steady_in(SILENCE)

    def test_is_learnt_from_others(self, clock: Clock) -> None:
        memory = leases.Memory()
        clock.tell(memory, watched_at=NOTED, stepped_at=NOTED - timedelta(seconds=70))
        assert memory.steady_in(SILENCE) == SILENCE - timedelta(seconds=70)

    @pytest.mark.parametrize("unwatched", [timedelta(seconds=21), timedelta(seconds=-21)])
    def test_is_feared_where_nobody_watched(self, clock: Clock, unwatched: timedelta) -> None:
        memory = leases.Memory()
        clock.tell(memory, watched_at=NOTED - unwatched)
        assert memory.steady_in(SILENCE) == SILENCE

    def test_is_told_until_it_was_written_down(self, clock: Clock, memory: leases.Memory) -> None:
        def fail() -> None:
            raise ZeroDivisionError

        told: list[bool] = []
        memory.tell_step(fail)
        clock.database += timedelta(minutes=10)
        clock.tell(memory)
        with pytest.raises(ZeroDivisionError):
            memory.tell_step(fail)
        for _ in range(2):
            memory.tell_step(lambda: told.append(True))
        assert told == [True]


@pytest.mark.django_db(transaction=True)
class TestLock:
    def test_that_is_too_old_changes_nothing_in_redis(self, license: License) -> None:
        watch_clock()
        now = datetime.now(tz=UTC)
        with pytest.raises(RedisUnavailable):
            leases.seed(license, [], now=now - timedelta(seconds=5))
        with pytest.raises(leases.Unseeded):
            leases.count(license)

    def test_that_was_given_on_makes_what_was_sent_under_it_do_nothing(self, license: License) -> None:
        """The fence: a command of an earlier holder arrives after one of a later holder."""
        watch_clock()
        now = datetime.now(tz=UTC)
        leases.seed(license, [], now=now)
        assert leases.describe(license, used_seats=0, now=now)
        with pytest.raises(RedisUnavailable):
            leases.describe(license, used_seats=1, now=now - timedelta(milliseconds=1))
        with pytest.raises(RedisUnavailable):
            leases.seed(license, [], now=now - timedelta(milliseconds=1))
        assert leases.describe(license, used_seats=0, now=now + timedelta(milliseconds=1))

    def test_is_looked_at_again_before_leases_are_written_anew(self, license: License) -> None:
        with transaction.atomic():
            locked = LockedLicense.take(License.objects.filter(pk=license.pk))
            assert locked is not None
            looked_at = locked.now
            locked.ask(lambda: leases.describe(license, used_seats=0, now=locked.now))
        assert locked.now > looked_at

"""What an answer means: success, another try and when, giving up, or the end of the endpoint."""

from datetime import UTC, datetime, timedelta

import pytest

from webhooks.models import Endpoint
from webhooks.sender import Answer
from webhooks.services.outcome import BACK_OFF, TRIES, Outcome, judge

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
GONE, FAILING = Endpoint.DisabledReason.GONE, Endpoint.DisabledReason.FAILING
SECOND, MINUTE, HOUR, DAY = (timedelta(**{unit: 1}) for unit in ("seconds", "minutes", "hours", "days"))


def answer(status: int | None, *, retry_after: str = "") -> Answer:
    """An answer as the sender tells it."""
    error = "timed_out" if status is None else "" if 200 <= status < 300 else "not_accepted"
    return Answer(error=error, status_code=status, retry_after=retry_after)


def judged(
    status: int | None,
    *,
    tries: int = 1,
    failing_since: datetime | None = None,
    retry_after: str = "",
    dice: float = 0.5,
) -> Outcome:
    """The outcome of a try."""
    return judge(
        answer(status, retry_after=retry_after), tries=tries, failing_since=failing_since, now=NOW, dice=lambda: dice
    )


class TestSuccess:
    @pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
    def test_is_any_2xx(self, status: int) -> None:
        outcome = judged(status, tries=10, failing_since=NOW - 30 * DAY)
        assert (outcome.is_delivered, outcome.is_given_up, outcome.disable) == (True, False, None)

    @pytest.mark.parametrize("status", [None, 100, 301, 302, 307, 400, 401, 404, 429, 500, 503, 520])
    def test_is_nothing_else(self, status: int | None) -> None:
        outcome = judged(status)
        assert (outcome.is_delivered, outcome.is_given_up, outcome.disable) == (False, False, None)
        assert outcome.next_attempt_at > NOW

    def test_is_no_2xx_that_broke_off(self) -> None:
        broken = Answer(error="connection_lost", status_code=200)
        assert not judge(broken, tries=1, failing_since=None, now=NOW, dice=lambda: 0.5).is_delivered


class TestBackOff:
    def test_takes_three_days_and_ten_tries(self) -> None:
        assert TRIES == 10
        assert 3 * DAY - 5 * MINUTE < sum(BACK_OFF, timedelta()) <= 3 * DAY
        assert sorted(BACK_OFF) == BACK_OFF
        assert BACK_OFF[0] == 5 * SECOND

    @pytest.mark.parametrize("tries", range(1, 10))
    def test_waits_longer_each_time(self, tries: int) -> None:
        assert judged(500, tries=tries).next_attempt_at == NOW + BACK_OFF[tries - 1]

    @pytest.mark.parametrize(("dice", "factor"), [(0.0, 0.9), (0.25, 0.95), (1.0, 1.1)])
    def test_is_jittered_by_a_tenth_at_most(self, dice: float, factor: float) -> None:
        for tries, wait in enumerate(BACK_OFF, start=1):
            waited = judged(None, tries=tries, dice=dice).next_attempt_at - NOW
            assert abs(waited - wait * factor) < timedelta(milliseconds=1)

    def test_ends_with_the_tenth_try_and_the_lane_goes_on_at_once(self) -> None:
        assert not judged(500, tries=9).is_given_up
        last = judged(500, tries=10)
        assert (last.is_given_up, last.next_attempt_at, last.disable) == (True, NOW, None)


class TestRetryAfter:
    @pytest.mark.parametrize("status", [429, 503])
    @pytest.mark.parametrize(
        ("text", "waits"),
        [
            ("120", 2 * MINUTE),
            (" 120 ", 2 * MINUTE),
            ("Mon, 02 Nov 2026 09:30:00 GMT", 30 * MINUTE),
            ("Monday, 02-Nov-26 09:30:00 GMT", 30 * MINUTE),
            ("Mon Nov  2 09:30:00 2026", 30 * MINUTE),
            ("86400", DAY),
            ("86401", DAY),
            ("9" * 50, DAY),
            ("Tue, 01 Nov 2027 09:30:00 GMT", DAY),
        ],
    )
    def test_is_not_undercut(self, status: int, text: str, waits: timedelta) -> None:
        assert judged(status, retry_after=text).next_attempt_at == NOW + waits

    @pytest.mark.parametrize(
        "text", ["0", "3", "-5", "1.5", "soon", "", "١٢٠", "Mon, 02 Nov 2026 08:00:00 GMT", "99 99"]
    )
    def test_never_shortens_the_wait(self, text: str) -> None:
        assert judged(503, retry_after=text).next_attempt_at == NOW + BACK_OFF[0]

    def test_gives_way_to_a_longer_back_off(self) -> None:
        assert judged(429, tries=4, retry_after="120").next_attempt_at == NOW + HOUR

    @pytest.mark.parametrize("status", [500, 400, 301])
    def test_counts_for_those_two_alone(self, status: int) -> None:
        assert judged(status, retry_after="3600").next_attempt_at == NOW + BACK_OFF[0]

    def test_holds_up_the_lane_also_where_a_delivery_is_given_up(self) -> None:
        last = judged(429, tries=10, retry_after="60")
        assert (last.is_given_up, last.next_attempt_at) == (True, NOW + MINUTE)


class TestEnd:
    def test_comes_at_once_with_410(self) -> None:
        outcome = judged(410)
        assert (outcome.disable, outcome.is_delivered, outcome.is_given_up) == (GONE, False, False)

    @pytest.mark.parametrize(
        ("failing", "ends"), [(5 * DAY - SECOND, None), (5 * DAY, FAILING), (50 * DAY, FAILING), (None, None)]
    )
    def test_comes_after_five_days_of_failure(
        self, failing: timedelta | None, ends: Endpoint.DisabledReason | None
    ) -> None:
        assert judged(500, failing_since=NOW - failing if failing else None).disable == ends

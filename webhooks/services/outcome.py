"""What an answer means for a delivery and for its endpoint. Pure: the clock and the dice are passed in."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from webhooks.models import Endpoint
from webhooks.sender import Answer

# How long to wait after each try but the last: three days in all.
BACK_OFF = [
    timedelta(seconds=5),
    *(timedelta(minutes=minutes) for minutes in (1, 10)),
    *(timedelta(hours=hours) for hours in (1, 4, 10, 16, 18, 22.75)),
]
TRIES = len(BACK_OFF) + 1
# Of each wait, more or less: what failed together is not tried again together.
JITTER = 0.1
PATIENCE = timedelta(days=5)
LONGEST_RETRY_AFTER = timedelta(hours=24)
SUCCESSES = 2
ASKS_FOR_TIME = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
Dice = Callable[[], float]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Where a delivery stands after a try. Neither delivered nor given up, it is tried again at `next_attempt_at`.

    `next_attempt_at` is when its lane goes on; `disable` says why the endpoint gets nothing more, if so.
    """

    is_delivered: bool = False
    is_given_up: bool = False
    next_attempt_at: datetime
    disable: Endpoint.DisabledReason | None = None


def judge(answer: Answer, *, tries: int, failing_since: datetime | None, now: datetime, dice: Dice) -> Outcome:
    """What an answer to the try number `tries` means; `dice` throws numbers from 0 to 1.

    Only 2xx is a success. Redirects are not followed, and are failures like any other.
    """
    if is_success(answer):
        return Outcome(is_delivered=True, next_attempt_at=now)
    if answer.status_code == HTTPStatus.GONE:
        return Outcome(disable=Endpoint.DisabledReason.GONE, next_attempt_at=now)
    is_given_up = tries >= TRIES
    wait = timedelta() if is_given_up else _jittered(BACK_OFF[tries - 1], dice)
    is_hopeless = failing_since is not None and now - failing_since >= PATIENCE
    return Outcome(
        is_given_up=is_given_up,
        next_attempt_at=now + max(wait, retry_after(answer, now=now)),
        disable=Endpoint.DisabledReason.FAILING if is_hopeless else None,
    )


def is_success(answer: Answer) -> bool:
    """Whether the receiver took it."""
    return not answer.error and (answer.status_code or 0) // 100 == SUCCESSES


def retry_after(answer: Answer, *, now: datetime) -> timedelta:
    """How long a receiver that is busy asks us to wait, in seconds or until a date (RFC 9110, section 10.2.3)."""
    text = answer.retry_after.strip()
    if answer.status_code not in ASKS_FOR_TIME or not text:
        return timedelta()
    if text.isascii() and text.isdigit():
        # Longer numbers than Python reads are too long in any case.
        seconds = int(text[:12])
        return min(timedelta(seconds=seconds), LONGEST_RETRY_AFTER)
    return max(timedelta(), min(_moment(text, now) - now, LONGEST_RETRY_AFTER))


def _moment(text: str, now: datetime) -> datetime:
    """The date that a text tells, or now where it tells none."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, IndexError, OverflowError):
        return now
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _jittered(wait: timedelta, dice: Dice) -> timedelta:
    return wait * (1 + JITTER * (2 * dice() - 1))

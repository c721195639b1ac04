"""Leases in Redis: who is alive. The only module that knows how they are laid out.

A license's leases live under the hash tag of its `lease_group`, so a cluster keeps them on one node, and every session
id carries the group, so the id alone finds them. Deadlines count in Redis's own clock and are told in the database's.
All functions raise RedisUnavailable; those that say so raise Unseeded where Redis has lost or outlived what it knew.
"""

import math
import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings

from coditect.redis import RedisUnavailable, Script, ask
from licenses.models import License, SeatSession

BEATS_PER_MINUTE = 20
LOCK_SURELY_HELD_MS = 4000
GROUP_DIGITS = 12
CLOCK_STEP_MS = 2000
# The sweep reads the note every 15 s, each web process every 5 s; who reads it less often may have missed a use.
UNWATCHED_MS = 20_000
LUA = Path(__file__).parent / "lua"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


class Unseeded(Exception):
    """Redis does not hold this license's leases, holds those of an earlier life, or its clock has moved."""


class BeatWindow(NamedTuple):
    """How often a session may beat in the minute at hand, and how much of both is left.

    `left_ms` counts from now, `resets_at` is in seconds since the epoch.
    """

    limit: int
    remaining: int
    left_ms: int
    resets_at: int


class BeatLimited(Exception):
    """A session beats too often."""

    def __init__(self, window: BeatWindow) -> None:
        super().__init__()
        self.window = window


class Beat(NamedTuple):
    """A heartbeat that Redis could answer alone; times are the database's."""

    session_id: UUID
    license_id: str
    license_key: str
    max_seats: int
    used_seats: int
    hardware_id: str
    started_at: datetime
    at: datetime
    expires_at: datetime
    is_revoking: bool
    window: BeatWindow


@dataclass(frozen=True, kw_only=True)
class Lease:
    """What Redis says of one session: its deadline in the database's clock, and whether it is past in Redis's own."""

    expires_at: datetime
    is_past: bool


# What stands before each script.
PRELUDES: dict[str, tuple[str, ...]] = {
    "seed": ("prelude", "locked"),
    **dict.fromkeys(("beat", "live", "count", "known"), ("prelude", "seeded")),
    **dict.fromkeys(("survey", "remove", "mark"), ("prelude", "seeded", "locked")),
    **dict.fromkeys(("grant", "describe"), ("prelude", "seeded", "locked", "cap")),
}


def source_of(name: str) -> str:
    """A script as Redis runs it."""
    return "\n".join((LUA / f"{part}.lua").read_text() for part in (*PRELUDES[name], name))


SCRIPTS = {name: Script(source_of(name)) for name in PRELUDES}


class Notes(NamedTuple):
    """What processes tell each other by a row in the database, in its clock; each time may never have been noted.

    When one last used Redis, when one last noticed that the database's clock had stepped, and when one last looked.
    """

    seen_at: datetime | None = None
    stepped_at: datetime | None = None
    watched_at: datetime | None = None


class Memory:
    """What this process knows: what the two clocks show just now, by its own monotonic clock, and its use of Redis.

    A web process's wall clock may be wrong by any amount; it decides nothing.
    """

    def __init__(self) -> None:
        self._redis_ahead_ms: float | None = None
        # At least and at most: when between question and answer the database read its clock, nobody knows.
        self._database_ahead_ms: tuple[float, float] | None = None
        self._steady_since = -math.inf
        self._step_seen_at = self._step_told_at = -math.inf
        self._is_used = False
        self._note: datetime | None = None
        self._note_read_at = -math.inf
        self._note_still_since = math.inf

    def heard_redis(self, now_ms: int) -> None:
        """A lease was used, and Redis's clock showed `now_ms` a moment ago: the estimate is late, never early."""
        self._redis_ahead_ms = now_ms - monotonic_ms()
        self._is_used = True

    def heard_database(self, now: datetime, *, asked_at: float, notes: Notes) -> None:
        """The database's clock showed `now`, asked for at `asked_at` (monotonic ms), and the notes were read."""
        heard_at = monotonic_ms()
        ahead = _ms(now) - heard_at, _ms(now) - asked_at
        if self._has_stepped(ahead, now, watched_at=notes.watched_at):
            self._steady_since = self._step_seen_at = heard_at
        self._database_ahead_ms = ahead
        if notes.stepped_at is not None and notes.stepped_at <= now:
            self._steady_since = max(self._steady_since, heard_at - (now - notes.stepped_at) / MILLISECOND)
        # A note not read for long may have changed and changed back.
        if notes.seen_at != self._note or heard_at - self._note_read_at > UNWATCHED_MS:
            self._note_still_since = heard_at
        self._note, self._note_read_at = notes.seen_at, heard_at

    def _has_stepped(self, ahead: tuple[float, float], now: datetime, *, watched_at: datetime | None) -> bool:
        """Whether the database's clock has; a process that has just started cannot tell unless another watched."""
        if self._database_ahead_ms is None:
            return watched_at is not None and abs(_ms(now) - _ms(watched_at)) > UNWATCHED_MS
        (least, most), (least_before, most_before) = ahead, self._database_ahead_ms
        return least - most_before > CLOCK_STEP_MS or least_before - most > CLOCK_STEP_MS

    def not_after(self) -> int:
        """The last instant, by Redis's clock, at which a command sent now may run: when its caller stops waiting."""
        if self._redis_ahead_ms is None:
            seconds, microseconds = ask(lambda redis: redis.time())
            self._redis_ahead_ms = seconds * 1000 + microseconds // 1000 - monotonic_ms()
        return int(monotonic_ms() + self._redis_ahead_ms + settings.REDIS_TIMEOUT_SECONDS * 1000)

    def database_ms(self) -> int | None:
        """What the database's clock shows at least; None in a process that has not asked it yet."""
        return None if self._database_ahead_ms is None else int(monotonic_ms() + self._database_ahead_ms[0])

    def steady_in(self, period: timedelta) -> timedelta:
        """How long until the database's clock has been steady for `period`; zero where it has been."""
        return max(0.0, period / MILLISECOND - (monotonic_ms() - self._steady_since)) * MILLISECOND

    def saw_silence_for(self, period: timedelta) -> bool:
        """Whether, for so long as this process watched the note by a steady clock, nobody used Redis."""
        is_still = monotonic_ms() - self._note_still_since > period / MILLISECOND
        return self._note is not None and is_still and not self.steady_in(period)

    def take_use(self) -> bool:
        """Whether this process used a lease with success since this was last asked."""
        is_used, self._is_used = self._is_used, False
        return is_used

    def tell_step(self, tell: Callable[[], None]) -> None:
        """Have it told if this process saw the database's clock step; where telling fails, the next call tells."""
        step = self._step_seen_at
        if step > self._step_told_at:
            tell()
            self._step_told_at = step


memory = Memory()


def new_session_id(lease_group: str) -> UUID:
    """A UUIDv8 (RFC 9562) with the license's lease group in its first 48 bits and 74 random ones behind."""
    random = secrets.randbits(74)
    high = int(lease_group, 16) << 80
    return UUID(int=high | 8 << 76 | (random >> 62) << 64 | 0b10 << 62 | random & (1 << 62) - 1)


def group_of(session_id: UUID) -> str:
    """The lease group that a session id carries."""
    return session_id.hex[:GROUP_DIGITS]


def beat(session_id: UUID, *, user_id: UUID) -> Beat | None:
    """Extend a lease by one TTL, without the database; None where only the database may answer.

    Raises BeatLimited.
    """
    limit = BEATS_PER_MINUTE * settings.RATE_LIMIT_FACTOR
    session = session_id.hex
    group = session[:GROUP_DIGITS]
    try:
        answer = _run(
            "beat",
            group,
            memory.database_ms() or "",
            *(session, user_id.hex, _ttl_ms(), limit),
            extra_keys=[f"seat:{{{group}}}:b"],
            is_locked=False,
        )
    except Unseeded:
        return None
    if answer[0] == b"unknown":
        return None
    status, _, now, beats, left_ms, *facts = answer
    window = BeatWindow(
        limit=limit,
        remaining=max(0, limit - beats),
        left_ms=left_ms,
        resets_at=math.ceil((now + left_ms) / 1000),
    )
    if status == b"limited":
        raise BeatLimited(window)
    deadline, is_revoking, session_facts, license_facts = facts
    _, started_ms, hardware_id = session_facts.decode().split("|", 2)
    license_id, max_seats, used_seats, license_key = license_facts.decode().split("|", 3)
    return Beat(
        session_id=session_id,
        license_id=license_id,
        license_key=license_key,
        max_seats=int(max_seats),
        used_seats=int(used_seats),
        hardware_id=hardware_id,
        started_at=_moment(int(started_ms)),
        at=_moment(now),
        expires_at=_moment(deadline),
        is_revoking=bool(is_revoking),
        window=window,
    )


def grant(license: License, session: SeatSession, *, used_seats: int, now: datetime) -> datetime:
    """Put or extend a session's lease and return its deadline; a marked session is not extended. Raises Unseeded."""
    answer = _run(
        "grant",
        license.lease_group,
        _ms(now),
        _license_facts(license, used_seats),
        _ttl_ms(),
        *_described(session),
        _end_of(license),
    )
    return _moment(answer[2])


def seed(license: License, sessions: Sequence[SeatSession], *, now: datetime) -> None:
    """Write a license's leases anew from its un-ended sessions, each at now + TTL."""
    _run(
        "seed",
        license.lease_group,
        _ms(now),
        _license_facts(license, len(sessions)),
        _ttl_ms(),
        _end_of(license),
        *(part for session in sessions for part in _described(session)),
    )


def survey(license: License, sessions: Sequence[SeatSession], *, now: datetime) -> list[Lease]:
    """The leases of un-ended sessions, in their order; one without a lease is readmitted. Raises Unseeded."""
    described = (part for session in sessions for part in _described(session))
    answer = _run("survey", license.lease_group, _ms(now), _ttl_ms(), *described)
    return [
        Lease(expires_at=_moment(deadline), is_past=bool(is_past))
        for deadline, is_past in zip(answer[2::2], answer[3::2], strict=True)
    ]


def remove(license: License, session_ids: Iterable[UUID], *, used_seats: int, now: datetime) -> bool:
    """Remove the leases of sessions about to end; true when done. Raises Unseeded."""
    ids = [session_id.hex for session_id in session_ids]
    _run("remove", license.lease_group, _ms(now), _license_facts(license, used_seats), *ids)
    return True


def mark(license: License, sessions: Sequence[SeatSession], *, used_seats: int, now: datetime) -> list[datetime]:
    """Stop renewing sessions and return when each one's promise ends. Raises Unseeded."""
    described = [
        part for session in sessions for part in (session.pk.hex, _session_facts(session), _ms(session.expires_at))
    ]
    answer = _run("mark", license.lease_group, _ms(now), _license_facts(license, used_seats), _ttl_ms(), *described)
    return [_moment(at) for at in answer[2:]]


def describe(license: License, *, used_seats: int, now: datetime) -> bool:
    """Tell heartbeats the license's new seat count and end; true when done. Raises Unseeded."""
    _run("describe", license.lease_group, _ms(now), _license_facts(license, used_seats), _end_of(license))
    return True


def live(license: License, *, first: int = 0) -> dict[UUID, datetime]:
    """The deadline of each live lease, or of the `first` few to run out; changes nothing. Raises Unseeded."""
    answer = _run("live", license.lease_group, "", first or -1)
    return {
        UUID(hex=session.decode()): _moment(int(deadline))
        for session, deadline in zip(answer[2::2], answer[3::2], strict=True)
    }


def count(license: License) -> int:
    """How many leases are alive, for display; changes nothing. Raises Unseeded."""
    return int(_run("count", license.lease_group, "")[2])


def known(license: License) -> set[UUID]:
    """The sessions that have a lease, alive or past; changes nothing. Raises Unseeded."""
    return {UUID(hex=session.decode()) for session in _run("known", license.lease_group, "")[2:]}


def _run(
    name: str,
    group: str,
    database_ms: int | str,
    *values: Any,
    extra_keys: Sequence[str] = (),
    is_locked: bool = True,
) -> list[Any]:
    """Run a script; one that Redis found too late was held up or met a stepped clock, and is tried once more."""
    keys = [*_keys(group), *extra_keys]
    for _ in range(2):
        not_after = memory.not_after()
        if is_locked:
            _refuse_old_lock(database_ms)
        answer = SCRIPTS[name](keys, [not_after, database_ms, *values])
        memory.heard_redis(answer[1])
        if answer[0] == b"unseeded":
            raise Unseeded
        if answer[0] != b"late":
            return answer
    raise RedisUnavailable


def _refuse_old_lock(looked_at_ms: int | str) -> None:
    """A process that stalled may have lost its license lock: PostgreSQL ends a transaction idle for 5 s."""
    now = memory.database_ms()
    if now is not None and looked_at_ms != "" and now - int(looked_at_ms) > LOCK_SURELY_HELD_MS:
        raise RedisUnavailable


def _keys(group: str) -> tuple[str, str]:
    return f"seat:{{{group}}}:z", f"seat:{{{group}}}:f"


def monotonic_ms() -> float:
    """This process's monotonic clock, in ms."""
    return time.monotonic() * 1000


def _ttl_ms() -> int:
    return int(settings.SEAT_TTL_SECONDS) * 1000


def _ms(at: datetime) -> int:
    return (at - EPOCH) // MILLISECOND


def _moment(ms: int) -> datetime:
    return EPOCH + ms * MILLISECOND


def _described(session: SeatSession) -> tuple[str, str, str]:
    return session.pk.hex, _session_facts(session), "1" if session.revoke_at else ""


def _session_facts(session: SeatSession) -> str:
    return f"{session.user_id.hex}|{_ms(session.started_at)}|{session.hardware_id}"


def _end_of(license: License) -> int | str:
    return _ms(license.expires_at) if license.expires_at else ""


def _license_facts(license: License, used_seats: int) -> str:
    return f"{license.pk}|{license.max_seats}|{used_seats}|{license.key_string}"

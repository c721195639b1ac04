"""The use cases, as the modules of `licenses.services` have them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from coditect.redis import RedisUnavailable
from tests.seats.simulation.locked import DONE, UNAVAILABLE, Answer, Locked, Refused, locked
from tests.seats.simulation.postgres import License, Session
from tests.seats.simulation.process import Process
from tests.seats.simulation.product import leases

RECORD_GRACE = timedelta(seconds=30)
EARLIEST_LEASES = 20


# acquire.py


def acquire(process: Process, license: License, user_id: UUID, hardware_id: str) -> Answer:
    def decide(case: Locked) -> Answer:
        if is_over(case):
            return Answer(status=403)
        mark_surplus(case)
        own = [row for row in case.rows if (row.user_id, row.hardware_id) == (user_id, hardware_id)]
        if not case.rules.acquire_idempotent:
            own = []
        if own and not case.dead_among(own):
            return case.extend(own[0])
        if (own or _is_full(case)) and case.rules.lazy_expiry:
            case.end_dead()
        if _is_full(case):
            return _deny(case)
        row = _insert(case, user_id, hardware_id)
        answer = case.extend(row)
        return Answer(status=201, pk=answer.pk, until=answer.until, decided_at=answer.decided_at)

    return locked(process, license, decide)


def is_over(case: Locked) -> bool:
    return case.license.expires_at is not None and case.license.expires_at <= case.now


def _is_full(case: Locked) -> bool:
    if not case.rules.capacity_from_rows:
        alive = case.ask(lambda: leases.count(case.license))
        if alive is not None:
            return bool(alive >= case.seats)
    return case.used >= case.seats


def _insert(case: Locked, user_id: UUID, hardware_id: str) -> Session:
    case.tx.statement()
    taken = {row.slot for row in case.rows}
    row = Session(
        pk=UUID(int=int(case.license.lease_group, 16) << 80 | case.postgres.next_value()),
        license_id=case.license.pk,
        user_id=user_id,
        hardware_id=hardware_id,
        slot=next(slot for slot in range(1, len(taken) + 2) if slot not in taken),
        started_at=case.now,
        expires_at=case.deadline(),
    )
    case.tx.changed[row.pk] = row
    case.rows.append(row)
    return row


def _deny(case: Locked) -> Answer:
    case.tx.statement()
    denial = case.postgres.next_value()
    case.tx.denials.add(denial)
    leased = case.glance(lambda: leases.live(case.license, first=EARLIEST_LEASES)) or {}
    case.referee.refused(case)
    ends = [max(row.expires_at, leased.get(row.pk, row.expires_at)) for row in case.rows]
    first = min(ends, default=case.now + timedelta(seconds=1))
    retry_at = case.true_time(max(first, case.none_dead_until()))
    answer = Answer(status=409, denial=denial, decided_at=case.looked_at, retry_at=retry_at)
    if not case.rules.refusal_is_a_value:
        raise Refused(answer)
    return answer


# heartbeat.py


def heartbeat(process: Process, license: License, pk: UUID, user_id: UUID) -> Answer:
    """A yes comes from Redis, without any SQL; everything else from Postgres."""
    sent_at = process.world.now
    try:
        beat = _beat(process, pk, user_id)
    except RedisUnavailable:
        beat = None
    if isinstance(beat, Answer):
        return beat
    told = None
    if beat is not None:
        left = round((beat.expires_at - beat.at).total_seconds() * 1000)
        # Told at some moment between sending and now; the earliest is what a client may count on.
        told = Answer(status=200, pk=pk, until=sent_at + left, decided_at=sent_at, is_revoking=beat.is_revoking)
        if not beat.is_revoking or not process.rules.marked_asks_postgres:
            return told
    answer = locked(process, license, lambda case: _beat_from_record(case, pk))
    return replace(told, is_unsure=True) if told and answer is UNAVAILABLE else answer


def _beat(process: Process, pk: UUID, user_id: UUID) -> Any:
    if not process.rules.beat_tells_clock:
        process.memory._database_ahead_ms = None
    beat = leases.beat(pk, user_id=user_id)
    if beat is None and not process.rules.no_from_postgres:
        return Answer(status=404, pk=pk, decided_at=process.world.now)
    return beat


def _beat_from_record(case: Locked, pk: UUID) -> Answer:
    case.tx.statement()
    row = case.tx.find(pk)
    gone = Answer(status=404, pk=pk, decided_at=case.looked_at)
    if row is None or row.ended_at is not None:
        return gone
    if (row.revoke_at or is_over(case)) and case.dead_among([row]):
        case.end_expired([row])
        return gone
    if not case.rules.late_heartbeat_welcome and case.dead_among([row]):
        return gone
    return case.extend(row)


# release.py


def release(process: Process, license: License, pk: UUID, *, reason: str = "released") -> Answer:
    """End a session at once; ending it twice is the same as once."""

    def decide(case: Locked) -> Answer:
        case.tx.statement()
        row = case.tx.find(pk)
        if row is not None and row.ended_at is None:
            case.end([row], reason)
        return DONE

    return locked(process, license, decide)


# capacity.py


def change_seats(process: Process, license: License, seats: int) -> Answer:
    def decide(case: Locked) -> Answer:
        case.tx.statement()
        case.tx.max_seats = case.seats = seats
        if not case.rules.downgrade_only_marks:
            newest = sorted(case.rows, key=lambda row: (row.started_at, row.pk), reverse=True)
            case.end(newest[: max(0, len(newest) - seats)], "downgraded")
            return DONE
        mark_surplus(case)
        _unmark_fitting(case)
        return DONE

    return locked(process, license, decide, take_lock=process.rules.seat_change_locked)


def mark_surplus(case: Locked) -> None:
    """Mark the newest sessions above the seat count; while Redis is away their promises are unknown, so later."""
    surplus = case.used - case.marked - case.seats
    if surplus <= 0:
        return
    unmarked = [row for row in case.rows if row.revoke_at is None]
    newest = sorted(unmarked, key=lambda row: (row.started_at, row.pk), reverse=True)[:surplus]
    ends = case.ask(lambda: leases.mark(case.license, newest, used_seats=case.used, now=case.now))
    if ends is None:
        case.repair_later()
        return
    case.tx.statement()
    for row, end in zip(newest, ends, strict=True):
        case.tx.edit(row).revoke_at = end
    case.rows = case.tx.unended(case.license)


def _unmark_fitting(case: Locked) -> None:
    if case.rules.describe_before_unmarking:
        case.ask(lambda: leases.describe(case.license, used_seats=case.used, now=case.now))
    room = max(0, case.seats - (case.used - case.marked))
    oldest = [row for row in case.rows if row.revoke_at is not None][:room]
    case.tx.statement()
    for row in oldest:
        case.tx.edit(row).revoke_at = None
    if not case.rules.describe_before_unmarking:
        case.ask(lambda: leases.describe(case.license, used_seats=case.used, now=case.now))
    case.rows = case.tx.unended(case.license)


# expire.py and repair.py


def sweep(process: Process) -> Answer:
    """Repair, save deadlines that moved on, end what is dead for long."""
    repair_all(process)
    postgres = process.postgres
    for license in postgres.licenses.values():
        past = [row for row in license.live.values() if row.expires_at <= postgres.now()]
        if past:
            _save_deadlines(process, license, past)
    note_use(process)
    for license in postgres.licenses.values():
        overdue = postgres.now() - RECORD_GRACE
        if any(row.expires_at <= overdue for row in license.live.values()):
            locked(process, license, _end_overdue, skip_locked=True)
    return DONE


def _save_deadlines(process: Process, license: License, past: list[Session]) -> None:
    """Without the license lock: each row in a statement that skips what others hold."""
    try:
        found = leases.live(license)
    except (RedisUnavailable, leases.Unseeded):
        return
    if process.postgres.is_down:
        return
    held = process.postgres.open
    for row in past:
        stored = license.live.get(row.pk)
        if stored is None or row.pk not in found or any(row.pk in tx.changed for tx in held):
            continue
        stored.expires_at = max(stored.expires_at, found[row.pk])


def _end_overdue(case: Locked) -> Answer:
    overdue = case.now - RECORD_GRACE
    rows = [row for row in case.rows if row.expires_at <= overdue]
    case.end_expired(case.dead_among(rows))
    if case.saw_redis is not False:
        case.referee.swept(case)
    return DONE


def note_use(process: Process) -> None:
    """In one statement, every 5 s in every web process and with every sweep."""
    postgres = process.postgres
    if postgres.is_down:
        return
    if process.memory.take_use():
        postgres.note = process.rules.next_note(postgres.note, postgres.now())
    process.hear_database(postgres.now(), asked_at=process.world.now)
    if process.rules.step_is_told:
        process.memory.tell_step(postgres.note_step)
    postgres.watched_at = postgres.now()


def repair_all(process: Process) -> None:
    for pk in sorted(process.postgres.repairs):
        locked(process, process.postgres.licenses[pk], _repair, skip_locked=True)


def _repair(case: Locked) -> Answer:
    case.tx.statement()
    try:
        leases.seed(case.license, case.tx.unended(case.license), now=case.now)
    except RedisUnavailable:
        return DONE
    case.tx.repaired.add(case.license.pk)
    mark_surplus(case)
    return DONE


Operation = Callable[[Process], Answer]

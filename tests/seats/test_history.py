"""The history checker accepts what is right and finds each kind of wrong: it must be able to fail."""

from dataclasses import replace
from threading import Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.seats.history import History, Operation, SeatChange, check

TWO_SEATS = [SeatChange(license="L", seats=2)]
ONE_SEAT = [SeatChange(license="L", seats=1)]
TTL = 10.0


def operation(
    name: str, at: float, *, session: str | None = "a", status: int | None = 200, **other: object
) -> Operation:
    """A request that took a tenth of a second; a yes promises one TTL."""
    yes = name in {"acquire", "heartbeat"} and status in {200, 201}
    made = Operation(
        client=f"client of {session}",
        name=name,
        sent_at=at,
        received_at=at + 0.1,
        status=status,
        license="L",
        user=f"user of {session}",
        hardware_id="machine",
        session_id=session,
        promised_until=at + TTL if yes else None,
    )
    return replace(made, **other)  # type: ignore[arg-type]  # whichever fields


def acquire(at: float, session: str, **other: object) -> Operation:
    return operation("acquire", at, session=session, status=201, **other)


def kinds(operations: list[Operation], seats: list[SeatChange], *, tolerance: float = 0.0) -> set[str]:
    return {violation.kind for violation in check(operations, seats, tolerance=tolerance)}


class TestAcceptedHistories:
    def test_nothing_happened(self) -> None:
        assert check([], []) == []

    def test_a_whole_life(self) -> None:
        life = [acquire(0, "a"), operation("heartbeat", 5), operation("release", 8), acquire(8.2, "b")]
        assert check(life, ONE_SEAT) == []

    def test_a_seat_taken_when_the_promise_is_over(self) -> None:
        assert check([acquire(0, "a"), acquire(10, "b")], ONE_SEAT) == []

    def test_a_seat_taken_while_its_release_is_under_way(self) -> None:
        slow_release = operation("release", 3, received_at=9.0)
        assert check([acquire(0, "a"), slow_release, acquire(3.1, "b")], ONE_SEAT) == []

    def test_an_answer_that_arrives_after_its_promise_is_over(self) -> None:
        late = acquire(0, "a", received_at=11.0)
        assert check([late, acquire(10.5, "b")], ONE_SEAT) == []

    def test_refusals_missing_answers_and_503(self) -> None:
        full = operation("acquire", 1, session=None, status=409)
        away = operation("heartbeat", 2, status=503)
        lost = operation("release", 3, status=None)
        assert check([acquire(0, "a"), full, away, lost], ONE_SEAT) == []

    def test_gone_after_the_promise(self) -> None:
        assert check([acquire(0, "a"), operation("heartbeat", 9.95, status=404)], ONE_SEAT) == []

    def test_gone_after_a_release_or_an_administrator(self) -> None:
        for name in ("release", "revoke"):
            gone = operation("heartbeat", 3, status=404)
            assert check([acquire(0, "a"), operation(name, 2), gone], ONE_SEAT) == []

    def test_gone_though_a_later_heartbeat_was_answered_first(self) -> None:
        # Sent before the promise was made: it may have been decided before it, too.
        gone = operation("heartbeat", 0.05, status=404, received_at=5.0)
        assert check([acquire(0, "a"), gone], ONE_SEAT) == []

    def test_a_downgrade_that_lets_promises_run_out(self) -> None:
        downgrade = SeatChange(license="L", seats=1, sent_at=2, received_at=2.1)
        told = operation("heartbeat", 5, session="b", is_revoking=True, promised_until=10.0)
        history = [acquire(0, "a"), acquire(0, "b"), operation("heartbeat", 5), told]
        assert check(history, [*TWO_SEATS, downgrade]) == []

    def test_an_upgrade_under_way(self) -> None:
        upgrade = SeatChange(license="L", seats=2, sent_at=1, received_at=9)
        assert check([acquire(0, "a"), acquire(1, "b")], [*ONE_SEAT, upgrade]) == []

    def test_the_same_machine_twice_in_the_same_session(self) -> None:
        again = operation("acquire", 1, session="a", status=200)
        assert check([acquire(0, "a"), again], ONE_SEAT) == []

    def test_a_release_without_success_and_the_seat_taken_up_again(self) -> None:
        failed = operation("release", 2, status=503)
        again = operation("acquire", 3, session="a", status=200)
        assert check([acquire(0, "a"), failed, again], ONE_SEAT) == []


class TestViolations:
    def test_two_sessions_on_one_seat(self) -> None:
        assert kinds([acquire(0, "a"), acquire(5, "b")], ONE_SEAT) == {"oversold"}

    def test_a_license_that_nobody_sold(self) -> None:
        assert kinds([acquire(0, "a")], []) == {"oversold"}

    def test_a_seat_sold_inside_a_renewed_promise(self) -> None:
        history = [acquire(0, "a"), operation("heartbeat", 5), acquire(12, "b")]
        assert kinds(history, ONE_SEAT) == {"oversold"}

    def test_a_release_that_came_too_late_to_excuse(self) -> None:
        history = [acquire(0, "a"), acquire(5, "b"), operation("release", 6)]
        assert kinds(history, ONE_SEAT) == {"oversold"}

    def test_a_promise_made_after_the_release_that_failed(self) -> None:
        failed = operation("release", 2, status=503)
        again = operation("acquire", 3, session="a", status=200)
        assert kinds([acquire(0, "a"), failed, again, acquire(4, "b")], ONE_SEAT) == {"oversold"}

    def test_a_downgrade_that_goes_on_renewing(self) -> None:
        downgrade = SeatChange(license="L", seats=1, sent_at=2, received_at=2.1)
        history = [acquire(0, "a"), acquire(0, "b")]
        history += [operation("heartbeat", 5, session=session) for session in ("a", "b")]
        assert kinds(history, [*TWO_SEATS, downgrade]) == {"oversold"}

    def test_a_surplus_seen_only_when_the_oldest_promise_ends(self) -> None:
        downgrade = SeatChange(license="L", seats=1, sent_at=2, received_at=2.1)
        old = acquire(1.5, "c", promised_until=20.0)
        renewed = [operation("heartbeat", 15, session=session) for session in ("a", "b")]
        three = [SeatChange(license="L", seats=3), downgrade]
        found = check([acquire(0, "a"), acquire(0, "b"), old, *renewed], three)
        assert [(violation.kind, violation.at) for violation in found] == [("oversold", 20.0)]

    def test_gone_inside_a_promise(self) -> None:
        gone = operation("heartbeat", 5, status=404)
        assert kinds([acquire(0, "a"), gone], ONE_SEAT) == {"told gone"}

    @pytest.mark.parametrize("status", [500, 502, 504])
    def test_a_server_error(self, status: int) -> None:
        assert kinds([operation("heartbeat", 0, status=status)], ONE_SEAT) == {"server error"}

    def test_two_sessions_of_one_machine(self) -> None:
        same = {"user": "user of a", "hardware_id": "machine"}
        assert kinds([acquire(0, "a"), acquire(5, "b", **same)], TWO_SEATS) == {"two sessions"}

    def test_one_session_created_twice(self) -> None:
        again = acquire(3, "a")
        assert kinds([acquire(0, "a"), operation("release", 1), again], ONE_SEAT) == {"granted twice"}

    def test_a_created_session_without_an_id(self) -> None:
        nameless = operation("acquire", 0, session=None, status=201)
        assert kinds([nameless], ONE_SEAT) == {"granted twice"}

    def test_the_tolerance_excuses_so_much_and_no_more(self) -> None:
        history = [acquire(0, "a"), acquire(9.5, "b")]
        assert kinds(history, ONE_SEAT, tolerance=0.5) == set()
        assert kinds(history, ONE_SEAT, tolerance=0.3) == {"oversold"}


Lives = st.lists(st.tuples(st.integers(0, 3), st.floats(0.2, 20), st.floats(0.2, 30)), min_size=1, max_size=25)


def honest(lives: list[tuple[int, float, float]]) -> list[Operation]:
    """What four desktops see of a server with as many seats: each goes from one session to the next."""
    free_at = [0.0] * 4
    history: list[Operation] = []
    for number, (desktop, pause, length) in enumerate(lives):
        start = free_at[desktop] + pause
        same = {"user": f"user {desktop}", "session": f"s{number}"}
        user, session = same["user"], same["session"]
        history.append(acquire(start, session, user=user))
        beats = [start + TTL / 2 * turn for turn in range(1, int(length / (TTL / 2)) + 1)]
        history += [operation("heartbeat", at, session=session, user=user) for at in beats]
        end = start + max(length, 0.2)
        history.append(operation("release", end, session=session, user=user))
        free_at[desktop] = end
    return history


class TestMadeHistories:
    @settings(deadline=None, max_examples=60)
    @given(Lives)
    def test_an_honest_history_is_accepted(self, lives: list[tuple[int, float, float]]) -> None:
        assert check(honest(lives), [SeatChange(license="L", seats=4)]) == []

    @settings(deadline=None, max_examples=60)
    @given(Lives, st.data())
    def test_one_seat_too_many_is_found(self, lives: list[tuple[int, float, float]], data: st.DataObject) -> None:
        history = honest(lives)
        victim = data.draw(st.sampled_from([one for one in history if one.status == 201]))
        intruder = acquire(victim.received_at, "intruder", received_at=victim.received_at + 0.01, user="intruder")
        seats = [SeatChange(license="L", seats=sum(_holds(history, intruder.received_at)))]
        assert "oversold" in kinds([*history, intruder], seats)

    @settings(deadline=None, max_examples=60)
    @given(Lives, st.data())
    def test_a_no_inside_a_promise_is_found(self, lives: list[tuple[int, float, float]], data: st.DataObject) -> None:
        history = honest(lives)
        victim = data.draw(st.sampled_from([one for one in history if one.status == 201]))
        at = victim.received_at
        gone = operation("heartbeat", at, session=victim.session_id, status=404, received_at=at + 0.01)
        assert "told gone" in kinds([*history, gone], [SeatChange(license="L", seats=4)])


def _holds(history: list[Operation], at: float) -> list[bool]:
    """For each session whether it certainly holds a seat at that instant."""
    released = {one.session_id: one.sent_at for one in history if one.name == "release"}
    created = [one for one in history if one.status == 201]
    return [one.received_at <= at < released[one.session_id] for one in created]


class TestHistory:
    def test_collects_from_many_threads_in_the_order_of_the_answers(self) -> None:
        history = History()
        threads = [Thread(target=lambda at=at: history.record(acquire(at, f"s{at}"))) for at in (3, 1, 2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [one.sent_at for one in history] == [1, 2, 3]

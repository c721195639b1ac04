"""Every fault once and briefly, against the real server: `make prove` plays them longer and more often."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import clocks
from tests.faults.faults import CLOCK_FAULTS, FAULTS
from tests.faults.run import Plan, run
from tests.faults.setting import Setting
from tests.play.outcome import verify

BRIEF = Plan(seats=(1, 3), before=0.2, lasts=1.5, after=0.3, processes=1)
# Each group on one crowd: what one fault leaves behind, the next one meets.
GROUPS = {
    "Redis forgets": ["nothing", "Redis kill -9", "Redis restarted empty", "Redis FLUSHALL", "Redis rolled back"],
    "Redis is slow": ["Redis SIGSTOP 2 s", "Redis SIGSTOP > TTL", "Redis slow by 200 ms", "Redis slow by 2 s"],
    "Redis refuses": ["Redis 10 % resets", "Redis memory full", "Redis failover and back"],
    "Postgres": ["Postgres kill -9", "Postgres read-only", "Postgres lock held"],
    "programs": ["worker kill -9", "no beat", "two beats", "web kill -9"],
    **({"clocks": list(CLOCK_FAULTS)} if clocks.can_be_moved() else {}),
}


@pytest.fixture(scope="module")
def setting(tmp_path_factory: pytest.TempPathFactory, prepared: Path) -> Iterator[Setting]:
    """Web, worker, beat and their servers; the whole record is verified after the last fault."""
    setting = Setting(tmp_path_factory.mktemp("faults"), ttl=BRIEF.ttl, prepared=prepared)
    try:
        setting.start(with_clocks=clocks.can_be_moved())
        yield setting
        assert verify(setting.live) == []
    finally:
        setting.stop()


class TestFaults:
    @pytest.mark.parametrize("group", GROUPS)
    def test_break_no_promise(self, setting: Setting, group: str) -> None:
        violations = run(setting, GROUPS[group], BRIEF).violations
        # How late an answer may be is for `make prove` to judge, on a machine that does nothing else.
        assert [violation for violation in violations if not violation.startswith("late:")] == []

    def test_are_all_played(self) -> None:
        played = [fault for group in GROUPS.values() for fault in group]
        assert sorted(played) == sorted([*FAULTS, *(CLOCK_FAULTS if clocks.can_be_moved() else ())])

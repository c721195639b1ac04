"""Every fault once and briefly, against the real server: `make prove` plays them longer and more often."""

from collections.abc import Iterator

import pytest

from tests.faults import clocks
from tests.faults.faults import CLOCK_FAULTS, FAULTS
from tests.faults.run import Plan, run
from tests.faults.setting import Setting
from tests.play.outcome import verify

BRIEF = Plan(seats=(1, 3), before=0.5, after=1.0)


@pytest.fixture(scope="module")
def setting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setting]:
    """Web, worker, beat and their servers; the whole record is verified after the last fault."""
    setting = Setting(tmp_path_factory.mktemp("faults"), ttl=BRIEF.ttl)
    try:
        setting.start(with_clocks=clocks.can_be_moved())
        yield setting
        assert verify(setting.live) == []
    finally:
        setting.stop()


class TestFaults:
    @pytest.mark.parametrize("fault", [*FAULTS, *(CLOCK_FAULTS if clocks.can_be_moved() else ())])
    def test_break_no_promise(self, setting: Setting, fault: str) -> None:
        assert run(setting, fault, BRIEF).violations == []

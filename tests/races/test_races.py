"""Many clients at once, few times: `make prove` plays the same races a thousand times."""

import pytest

from tests.live import Live
from tests.play.outcome import verify
from tests.races.races import FEW, RACES, Race


class TestRaces:
    @pytest.mark.parametrize("race", RACES, ids=lambda race: race.__name__)
    def test_break_no_promise(self, live: Live, race: Race) -> None:
        outcome = race(live, FEW)
        assert outcome.violations == []
        assert verify(live) == []

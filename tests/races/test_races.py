"""Many clients at once, few times: `make prove` plays the same races a thousand times."""

from collections.abc import Iterator

import pytest

from tests.live import Live
from tests.play.outcome import verify
from tests.races.races import FEW, RACES, Race


@pytest.fixture(scope="module")
def verified(live: Live) -> Iterator[Live]:
    """The real server, its whole record verified after the last race."""
    yield live
    assert verify(live) == []


class TestRaces:
    @pytest.mark.parametrize("race", RACES, ids=lambda race: race.__name__)
    def test_break_no_promise(self, verified: Live, race: Race) -> None:
        assert race(verified, FEW).violations == []

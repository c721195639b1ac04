"""An administrator who changes seat counts and revokes sessions at once."""

from tests.seats.simulation.clients import Site
from tests.seats.simulation.locked import Answer
from tests.seats.simulation.operations import Operation, change_seats, release
from tests.seats.simulation.postgres import License
from tests.seats.simulation.world import SECOND


class Administrator:
    """Changes seat counts and revokes sessions at once."""

    def __init__(self, *, site: Site, every: int, most_seats: int) -> None:
        self.site, self.world = site, site.world
        self._every = every
        self._most_seats = most_seats
        self._patience = 0.9 if self.world.chance(0.5) else 0.3
        self._wait()

    def _wait(self) -> None:
        self.world.at(self.world.between(1, 2 * self._every), self._act)

    def _act(self) -> None:
        self.act()
        self._wait()

    def act(self) -> None:
        license = self.site.licenses[self.world.between(0, len(self.site.licenses) - 1)]
        if license.live and self.world.chance(0.5):
            self.revoke_latest(license)
        else:
            self._change_seats(license, self.world.between(0, self._most_seats))

    def revoke_latest(self, license: License) -> None:
        """End a session at once; rather the one whose commands may still be under way."""
        live = list(license.live)
        latest = self.site.referee.latest_renewed
        pk = latest if latest in live else live[self.world.between(0, len(live) - 1)]
        self._insist(lambda web: release(web, license, pk, reason="revoked by admin"))

    def _change_seats(self, license: License, seats: int) -> None:
        self.world.note("seats of license", license.pk, "to become", seats)
        self._insist(lambda web: change_seats(web, license, seats))

    def _insist(self, operation: Operation) -> None:
        def done(answer: Answer | None) -> None:
            # What failed is sent again, unless its sender gave up.
            if (answer is None or answer.status == 503) and self.world.chance(self._patience):
                delay = self.world.between(100, 20 * SECOND)
                self.world.at(delay, lambda: self._insist(operation))

        self.site.request(operation, done)

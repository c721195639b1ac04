"""Which worker of pytest-xdist takes which file, and when."""

from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

# These wait for servers that start, are killed, or are silent for as long as a lease lasts. The longest first.
WAITING = (
    "tests/faults/test_faults.py",
    "tests/local/test_supervisor.py",
    "tests/api/test_rate_limits_live.py",
    "tests/webhooks/test_seat_life_live.py",
    "tests/browser/test_buying.py",
    "tests/api/test_idempotency_live.py",
    "tests/races/test_races.py",
    "tests/webhooks/test_crashes.py",
    "tests/guide/test_ci.py",
    "tests/licenses/test_batch_workers.py",
    "tests/journal/test_mails_live.py",
    "tests/api/test_chunked_bodies.py",
)
# These compute for longer than the number of their tests tells.
COMPUTING = ("tests/schema/test_fuzzing.py", "tests/seats/test_simulation.py")


class SomeWait(LoadFileScheduling):  # type: ignore[misc]  # xdist's schedulers are untyped
    """Whole files: up to half of the workers begin with those that wait, the others with those that compute.

    So the processors have work all the time, and no long file comes last.
    """

    def _assign_work_unit(self, node: WorkerController) -> None:
        waits = self.nodes.index(node) < len(self.nodes) // 2
        wanted = (*WAITING, *COMPUTING) if waits else (*COMPUTING, *self._neither())
        first = next((name for name in wanted if name in self.workqueue), None)
        if first is not None:
            self.workqueue.move_to_end(first, last=False)
        super()._assign_work_unit(node)

    def _neither(self) -> list[str]:
        return [name for name in self.workqueue if name not in WAITING]

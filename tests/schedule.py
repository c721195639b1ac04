"""Which worker of pytest-xdist takes which file, and when."""

from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

# The longest first. They have few tests, so they would come last, and all but one worker would be done by then.
LONG = (
    "tests/faults/test_faults.py",
    "tests/schema/test_fuzzing.py",
    "tests/api/test_rate_limits_live.py",
    "tests/local/test_supervisor.py",
    "tests/seats/test_simulation.py",
    "tests/api/test_idempotency_live.py",
    "tests/races/test_races.py",
    "tests/console/test_lists.py",
    "tests/tables/test_console.py",
)


class WaitersFirst(LoadFileScheduling):  # type: ignore[misc]  # xdist's schedulers are untyped
    """Whole files, the longest first, then those with the most tests."""

    def _assign_work_unit(self, node: WorkerController) -> None:
        longest = next((name for name in LONG if name in self.workqueue), None)
        if longest is not None:
            self.workqueue.move_to_end(longest, last=False)
        super()._assign_work_unit(node)

"""Issues licenses again and again from one process, because starting one takes longer than a race.

Run as `python -m tests.play.issuer`: each line in is `email seats seats …`, each line out the keys.
"""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from coditect.local.options import ROOT

LOG_TAIL = 2000


class Issuer:
    """That process, from our side. It ends with us, because its input does."""

    def __init__(self, env: Mapping[str, str], log: Path) -> None:
        self._log = log
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.play.issuer"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env={**env, "DJANGO_SETTINGS_MODULE": "coditect.settings"},
                cwd=ROOT,
                text=True,
            )

    def issue(self, *, email: str, seats: Sequence[int]) -> list[str]:
        """The keys of new licenses of a user's organization."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{email} {' '.join(map(str, seats))}\n")
        self._process.stdin.flush()
        keys: list[str] = self._process.stdout.readline().split()
        assert len(keys) == len(seats), f"no licenses were issued:\n{self._log.read_text()[-LOG_TAIL:]}"
        return keys

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


def main() -> None:
    """The other side."""
    import django

    django.setup()
    for line in sys.stdin:
        email, *seats = line.split()
        sys.stdout.write(" ".join(_issue(email, map(int, seats))) + "\n")
        sys.stdout.flush()


def _issue(email: str, seats: "map[int]") -> list[str]:
    from django.db import connection
    from django.utils import timezone

    from accounts.models import User
    from accounts.services.organizations import membership_of
    from licenses.services.issue import issue_license

    owner = membership_of(User.objects.get(email=email), organization_id=None).organization
    issued = [
        issue_license(organization=owner, tier="pro", seats=count, expires_at=None, key=None, now=timezone.now())
        for count in seats
    ]
    # The database may be killed before we are asked again.
    connection.close()
    return [license.key_string for license in issued]


if __name__ == "__main__":
    main()

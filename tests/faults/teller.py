"""Has things happen in the demo user's organization, each in a transaction of its own, whatever the database does.

Run as `python -m tests.faults.teller EMAIL EVENTS SECONDS URL…`: gives the URLs an endpoint each, says so in one line,
has so many events happen, so many seconds apart, and ends with a line that holds their ids as the journal has them.
"""

import subprocess
import sys
import time
from collections.abc import Sequence
from uuid import UUID, uuid4

from coditect.local.options import ROOT
from tests.live import Live

TYPE = "license.updated"
RETRY_SECONDS = 0.2


class Teller:
    """That process, from our side."""

    def __init__(self, live: Live, *, events: int, apart: float, urls: Sequence[str]) -> None:
        with (live.directory / "teller.log").open("ab") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.teller", live.demo.user_email, str(events), str(apart), *urls],
                stdout=subprocess.PIPE,
                stderr=errors,
                env={**live.env, "DJANGO_SETTINGS_MODULE": "coditect.settings"},
                cwd=ROOT,
                text=True,
            )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "listening\n", "no endpoints were made; see teller.log"

    @property
    def is_telling(self) -> bool:
        """Whether there is more to come."""
        return self.process.poll() is None

    def ids(self) -> list[str]:
        """What has happened, once all has."""
        said, _ = self.process.communicate()
        return said.split()


def main() -> None:
    """The other side."""
    import django

    django.setup()
    email, events, apart, *urls = sys.argv[1:]
    organization_id, subject_id = _listen(email, urls), uuid4()
    _say("listening")
    for _ in range(int(events)):
        _tell(organization_id, subject_id)
        time.sleep(float(apart))
    _say(" ".join(_told(subject_id)))


def _listen(email: str, urls: Sequence[str]) -> UUID:
    from accounts.models import User
    from accounts.services.organizations import membership_of
    from tests.webhooks.factories import make_endpoint

    organization = membership_of(User.objects.get(email=email), organization_id=None).organization
    for url in urls:
        make_endpoint(organization, url=url, events=[TYPE])
    return organization.pk


def _tell(organization_id: UUID, subject_id: UUID) -> None:
    """Try until it is written down: what came of a try that broke off, nobody knows, so there may be two."""
    from django.db import DatabaseError, InterfaceError, connection
    from django.utils import timezone

    from coditect.journal.services import record_event
    from licenses.models import License

    while True:
        try:
            record_event(TYPE, License(pk=subject_id), at=timezone.now(), organization_id=organization_id)
        except (DatabaseError, InterfaceError):
            connection.close()
            time.sleep(RETRY_SECONDS)
        else:
            return


def _told(subject_id: UUID) -> list[str]:
    from coditect.journal.models import Event

    told = Event.objects.filter(type=TYPE, subject_id=subject_id).order_by("number")
    return [str(event_id) for event_id in told.values_list("pk", flat=True)]


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

"""Workers that are killed and databases that hang up: each event arrives, in order, again only at once.

`make prove` does the same with 5,000 events, the real deliverer, and PostgreSQL and Redis killed.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from accounts.models import Organization
from coditect.local.options import ROOT
from tests.factories import Person
from tests.webhooks.factories import make_endpoint
from tests.webhooks.order import violations
from tests.webhooks.receiver import PATIENCE_SECONDS, Receiver, receiving
from tests.webhooks.telling import tell
from tests.webhooks.working import ids_of
from webhooks.services.dispatch import dispatch_events

EVENTS = 300
# What the deliverer does, without Celery: from the word on, until it is killed. One at a time, so that it need not wait
# long for the claims of the one before.
WORKER = """
import sys
import time
from datetime import timedelta
import django
django.setup()
from django.db import DatabaseError, connection
from django.utils import timezone
from webhooks.models import Endpoint
from webhooks.services import lanes
from webhooks.services.deliver import deliver_lane
from webhooks.services.dispatch import dispatch_events
lanes.CLAIM = timedelta(seconds=0.5)
print("ready", flush=True)
sys.stdin.readline()
while True:
    try:
        dispatch_events(clock=timezone.now)
        for endpoint in list(Endpoint.objects.due(at=timezone.now())):
            deliver_lane(endpoint_id=endpoint.pk, clock=timezone.now)
    except DatabaseError:
        connection.close()
    time.sleep(0.01)
"""


class Worker:
    """A process that does so, on the tests' own database."""

    def __init__(self) -> None:
        name = connection.settings_dict["NAME"]
        database = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
        values = {"DATABASE_URL": f"{database}?application_name=webhooks", "SECRET_KEY": settings.SECRET_KEY}
        env = {**os.environ, **values, "WEBHOOK_ALLOW_PRIVATE": "1", "DJANGO_SETTINGS_MODULE": "coditect.settings"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", WORKER], cwd=ROOT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def begin(self) -> None:
        """Give it the word, once it is ready."""
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def workers() -> Iterator[list[Worker]]:
    """Three, that wait for their word."""
    with ExitStack() as stack:
        workers = [Worker() for _ in range(3)]
        for worker in workers:
            stack.callback(worker.kill)
        yield workers


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Takes everything, and can be made to hang."""
    with receiving() as (receiver,):
        yield receiver


def happen(organization: Organization, count: int) -> list[str]:
    """So many events; their ids."""
    return ids_of([tell(organization, dispatched_at=None) for _ in range(count)])


def in_the_middle(receiver: Receiver, got: int) -> None:
    """Return when the receiver has got so many, and hangs over one more."""
    assert receiver.until(got)
    receiver.was_asked.clear()
    receiver.may_answer.clear()
    assert receiver.was_asked.wait(PATIENCE_SECONDS)


def hang_up() -> int:
    """End the connections of the worker that is at work, as a database that is killed would; return how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'webhooks'"
        )
        (count,) = cursor.fetchone()
    return int(count)


@pytest.mark.django_db(transaction=True)
class TestCrashes:
    def test_lose_nothing_and_keep_the_order(self, owner: Person, receiver: Receiver, workers: list[Worker]) -> None:
        dispatch_events(clock=timezone.now)
        endpoint = make_endpoint(owner.organization, url=receiver.url)
        ids = happen(owner.organization, EVENTS // 3)
        first, second, third = workers
        first.begin()
        in_the_middle(receiver, 20)
        first.kill()
        receiver.may_answer.set()
        second.begin()
        ids += happen(owner.organization, EVENTS // 3)
        in_the_middle(receiver, 120)
        assert hang_up() == 1
        receiver.may_answer.set()
        assert receiver.until(170)
        ids += happen(owner.organization, EVENTS // 3)
        second.kill()
        third.begin()
        assert receiver.until_id(ids[-1])
        third.kill()
        assert violations(ids, receiver.ids) == []
        # Two were sent and not marked; the second kill may have been in between, too.
        assert len(receiver.ids) - EVENTS in {2, 3}
        assert not endpoint.deliveries.in_lane()[1:].exists()

"""Usage is exact: whenever the record was rolled up, and whatever it said later, the figures are its own."""

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from accounts.models import Role
from licenses.models import License
from licenses.services.periods import Period
from licenses.services.personal_data import forget_machines
from licenses.services.rollup import roll_up_usage
from licenses.services.usage import usage_of
from tests.factories import Person, make_license, make_membership, make_person
from tests.licenses.usage import DAYS, FIRST_DAY, Play, counted_by_hand

RANGES = 6
STEPS = 50


def grow(play: Play, users: list[UUID]) -> None:
    """Let the record grow in some steps; roll it up after each, or not; let some user leave on the way."""
    stops = sorted(play.moment() for _ in range(3))
    for stop in [*stops, FIRST_DAY + timedelta(days=DAYS)]:
        play.write(at=stop)
        if play.random.random() < 0.8:
            roll_up_usage(now=stop, steps=play.random.choice([1, STEPS]))
        if play.random.random() < 0.3:
            user_id = play.random.choice(users)
            play.leave(user_id, at=stop)
            forget_machines(user_id=user_id)


def compare(play: Play, owner: Person, licenses: list[License]) -> None:
    """Ask for ranges of all kinds, and count each by hand."""
    for _ in range(RANGES):
        license = play.random.choice(licenses)
        since, until = sorted([play.moment(before=2), play.moment(after=2)])
        now = FIRST_DAY + timedelta(days=DAYS)
        if since >= min(until, now):
            continue
        usage = usage_of(
            license_id=license.pk,
            within=owner.organization,
            since=since,
            until=until,
            granularity=play.random.choice(list(Period)),
            now=now,
        )
        assert usage.buckets == [counted_by_hand(license, found.span) for found in usage.buckets]
        assert usage.total == counted_by_hand(license, usage.total.span)
        assert (usage.total.span.since, usage.total.span.until) == (since, min(until, now))
        ends = [since, *(found.span.until for found in usage.buckets)]
        assert [found.span.since for found in usage.buckets] == ends[:-1]
        assert ends[-1] == min(until, now)


class TestUsage:
    # A smaller seed is no simpler record, so none is looked for.
    @settings(
        max_examples=8,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(seed=st.integers(0, 2**32))
    def test_is_what_the_record_says(self, db: None, seed: int) -> None:
        with transaction.atomic():
            owner = make_person(Role.OWNER)
            users = [make_membership(Role.MEMBER, organization=owner.organization).user_id for _ in range(4)]
            licenses = [make_license(owner.organization, seats=50) for _ in range(2)]
            License.objects.update(created_at=FIRST_DAY)
            play = Play(seed, licenses, users)
            grow(play, users)
            compare(play, owner, licenses)
            transaction.set_rollback(True)

"""Windows of rate limits in PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from coditect.journal.models import RateWindow
from coditect.journal.tasks import prune_old_answers
from coditect.journal.windows import count_request

MINUTE = timedelta(minutes=1)


def count(key: str = "limit:auth:somebody") -> int:
    """Count a request against a limit of three."""
    return count_request(key, allowed=3, length=MINUTE).count


@pytest.mark.django_db
class TestCountRequest:
    def test_counts_to_just_beyond_its_limit(self) -> None:
        assert [count() for _ in range(6)] == [1, 2, 3, 4, 4, 4]

    def test_keeps_subjects_apart(self) -> None:
        assert [count(), count("limit:auth:somebody-else"), count()] == [1, 1, 2]

    def test_does_not_move_the_end_of_its_window(self) -> None:
        ends = {count_request("limit:a", allowed=3, length=MINUTE).ends_at for _ in range(5)}
        assert len(ends) == 1

    def test_begins_anew_after_its_window(self) -> None:
        for _ in range(5):
            count()
        RateWindow.objects.update(ends_at=timezone.now() - timedelta(milliseconds=1))
        counted = count_request("limit:auth:somebody", allowed=3, length=MINUTE)
        assert (counted.count, counted.ends_at - counted.now > MINUTE / 2) == (1, True)

    def test_lets_a_larger_limit_count_on(self) -> None:
        for _ in range(5):
            count()
        assert count_request("limit:auth:somebody", allowed=10, length=MINUTE).count == 5


class TestCountRequests:
    @pytest.mark.django_db(transaction=True)
    def test_at_once_gives_each_its_own_number(self) -> None:
        def once(_: int) -> int:
            try:
                return count_request("limit:a", allowed=100, length=MINUTE).count
            finally:
                connection.close()

        with ThreadPoolExecutor(20) as pool:
            assert sorted(pool.map(once, range(100))) == list(range(1, 101))


@pytest.mark.django_db
class TestPruneWindows:
    def test_forgets_those_that_are_over(self) -> None:
        count("limit:old")
        RateWindow.objects.update(ends_at=timezone.now())
        count("limit:new")
        prune_old_answers()
        assert list(RateWindow.objects.values_list("key", flat=True)) == ["limit:new"]

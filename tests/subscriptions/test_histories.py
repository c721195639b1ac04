"""Random histories, bad roads and dying workers; `make prove` plays 2,000 of them."""

from django.db import transaction
from pytest_django import Settings

from coditect.local.fake_stripe.fake import FakeStripe
from tests.factories import make_person
from tests.subscriptions import scale
from tests.subscriptions.histories import RandomHistory


class TestHistories:
    def test_end_as_stripe_says(self, db: None, settings: Settings, fake: FakeStripe) -> None:
        found: dict[int, list[str]] = {}
        for seed in scale.current.seeds(scale.current.histories):
            with transaction.atomic():
                if complaints := RandomHistory(make_person(), seed=seed).play():
                    found[seed] = complaints
                transaction.set_rollback(True)
        assert found == {}

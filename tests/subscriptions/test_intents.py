"""Nobody pays twice, whatever is lost; `make prove` tries it a thousand times."""

from django.db import transaction
from pytest_django import Settings

from coditect.local.fake_stripe.fake import FakeStripe
from tests.subscriptions import scale
from tests.subscriptions.intents import PER_BUYER, Clicks


class TestIntents:
    def test_are_charged_once_each(self, db: None, settings: Settings, fake: FakeStripe) -> None:
        found: list[str] = []
        for seed in scale.current.seeds(scale.current.intents // PER_BUYER):
            with transaction.atomic():
                found += [f"seed {seed}: {wrong}" for wrong in Clicks(seed=seed).wants(PER_BUYER)]
                transaction.set_rollback(True)
        assert found == []

"""When the supervisor starts the fake Stripe, and what it tells the other programs of it."""

from pathlib import Path

import pytest

from coditect.local.console import Console
from coditect.local.fake_stripe.embedded import EmbeddedStripe
from coditect.local.options import read_options
from coditect.local.supervisor import Supervisor

NAMES = {"STRIPE_API_BASE", "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"}


def supervisor(tmp_path: Path, **environ: str) -> Supervisor:
    given = {"CODITECT_DATA_DIR": str(tmp_path), "PORT": "8123", "SECRET_KEY": "x", **environ}
    return Supervisor(
        read_options({"DATABASE_URL": "postgresql://x", "REDIS_URL": "redis://x", **given}), console=Console()
    )


class TestEmbeddedStripe:
    def test_is_started_where_no_key_is_set(self, tmp_path: Path) -> None:
        made = supervisor(tmp_path)
        assert made.stripe is not None
        values = made._run_values()
        assert values["STRIPE_API_BASE"] == made.stripe.url
        assert values["STRIPE_SECRET_KEY"].startswith("sk_test_")
        assert values["STRIPE_WEBHOOK_SECRET"].startswith("whsec_")

    def test_gives_way_to_a_real_key(self, tmp_path: Path) -> None:
        made = supervisor(tmp_path, STRIPE_SECRET_KEY="sk_test_real")
        assert made.stripe is None
        assert not NAMES & set(made._run_values())

    def test_keeps_its_key_and_secret(self, tmp_path: Path) -> None:
        one, other = (EmbeddedStripe(tmp_path, web_port=1) for _ in range(2))
        assert (one.key, one.endpoint_secret) == (other.key, other.endpoint_secret)
        assert one.key.removeprefix("sk_test_") != one.endpoint_secret.removeprefix("whsec_")

    @pytest.mark.parametrize("name", ["password", "endpoint-secret"])
    def test_keeps_them_private(self, tmp_path: Path, name: str) -> None:
        made = EmbeddedStripe(tmp_path, web_port=1)
        assert made.key
        assert made.endpoint_secret
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600

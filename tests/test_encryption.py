"""Secrets at rest: sealed for one place, under keys that can be rotated."""

import base64
import io

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from accounts.models import TotpDevice
from accounts.services.totp import begin_totp
from coditect.encryption import CannotDecrypt, decrypt, encrypt
from tests.factories import make_user

OLD, NEW = {"k1": b"1" * 32}, {"k2": b"2" * 32}


def altered(stored: str, at: int) -> str:
    """The text with one bit flipped."""
    key_id, _, text = stored.partition(":")
    raw = bytearray(base64.b64decode(text))
    raw[at] ^= 1
    return f"{key_id}:{base64.b64encode(bytes(raw)).decode()}"


class TestEncryption:
    @pytest.mark.parametrize("text", ["", "secret", "größer", "x" * 10_000])
    def test_gives_back_what_it_took(self, text: str) -> None:
        assert decrypt(encrypt(text, context="place"), context="place") == text

    def test_never_repeats_itself(self) -> None:
        assert len({encrypt("secret", context="place") for _ in range(100)}) == 100

    def test_opens_in_its_place_alone(self) -> None:
        with pytest.raises(CannotDecrypt):
            decrypt(encrypt("secret", context="totp:1"), context="totp:2")

    @pytest.mark.parametrize("at", [0, 11, 12, 17, -1])
    def test_notices_a_change(self, at: int) -> None:
        with pytest.raises(CannotDecrypt):
            decrypt(altered(encrypt("secret", context="place"), at), context="place")

    @pytest.mark.parametrize("stored", ["", "secret", "k9:AAAA", "development:", "development:AAAA", "development:é"])
    def test_refuses_what_is_not_its_own(self, stored: str) -> None:
        with pytest.raises(CannotDecrypt):
            decrypt(stored, context="place")

    def test_names_its_key_and_needs_it(self, settings: Settings) -> None:
        settings.ENCRYPTION_KEYS = OLD
        stored = encrypt("secret", context="place")
        assert stored.startswith("k1:")
        settings.ENCRYPTION_KEYS = NEW | OLD
        assert decrypt(stored, context="place") == "secret"
        assert encrypt("secret", context="place").startswith("k2:")
        settings.ENCRYPTION_KEYS = NEW
        with pytest.raises(CannotDecrypt):
            decrypt(stored, context="place")


@pytest.mark.django_db
class TestRotateEncryption:
    def test_seals_every_secret_anew(self, settings: Settings) -> None:
        settings.ENCRYPTION_KEYS = OLD
        users = [make_user() for _ in range(3)]
        secrets = {user.pk: begin_totp(user=user, now=timezone.now()).secret for user in users}
        settings.ENCRYPTION_KEYS = NEW | OLD
        assert self.rotate() == "3 secrets are now under the first key.\n"
        assert self.rotate() == "0 secrets are now under the first key.\n"
        settings.ENCRYPTION_KEYS = NEW
        for device in TotpDevice.objects.all():
            assert decrypt(device.secret, context=device.context) == secrets[device.user_id]

    def test_says_which_key_is_missing_and_changes_nothing(self, settings: Settings) -> None:
        settings.ENCRYPTION_KEYS = OLD
        begin_totp(user=make_user(), now=timezone.now())
        before = TotpDevice.objects.get().secret
        settings.ENCRYPTION_KEYS = NEW
        with pytest.raises(CommandError, match="no key 'k1'"):
            self.rotate()
        assert TotpDevice.objects.get().secret == before

    @staticmethod
    def rotate() -> str:
        """What the command prints."""
        out = io.StringIO()
        call_command("rotate_encryption", stdout=out)
        return out.getvalue()

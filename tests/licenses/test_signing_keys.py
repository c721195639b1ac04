"""Signing keys over the years: rotated, withdrawn, brought by the environment, published."""

import io
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import CommandError, call_command
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from coditect.journal.models import Event
from licenses import signing
from licenses.models import SigningKey
from licenses.models.signing import PUBLISHED_AFTER_RETIREMENT
from licenses.services.signing_keys import (
    SigningKeyInUse,
    SigningKeyNotFound,
    published_keys,
    rotate_signing_key,
    withdraw_signing_key,
)

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def signs() -> str:
    """The id of the key that signs, as a new process would find it."""
    return signing.current_signer(now=NOW).kid


def published(*, now: datetime = NOW) -> list[str]:
    """The ids of the published keys."""
    return [key.kid for key in published_keys(now=now)]


def run(command: str, *arguments: str) -> str:
    """What a command prints."""
    out = io.StringIO()
    call_command(command, *arguments, stdout=out)
    return out.getvalue()


class TestRotation:
    def test_puts_a_new_key_before_the_old_one(self) -> None:
        first = signs()
        second = rotate_signing_key(now=NOW).kid
        third = rotate_signing_key(now=NOW + timedelta(days=1)).kid
        assert signs() == third
        assert published() == [third, second, first]
        assert Event.objects.filter(type="signing_key.installed", data__instead_of=first).count() == 1

    def test_keeps_a_retired_key_published_for_longer_than_any_file_is_good(self, settings: Settings) -> None:
        first, second = signs(), rotate_signing_key(now=NOW).kid
        end = NOW + PUBLISHED_AFTER_RETIREMENT
        assert published(now=end - timedelta(seconds=1)) == [second, first]
        assert published(now=end) == [second]
        assert timedelta(days=366) < PUBLISHED_AFTER_RETIREMENT

    def test_is_a_command(self) -> None:
        first = signs()
        assert run("rotate_signing_key") == f"{signs()} signs from now on; running servers notice within seconds.\n"
        assert signs() != first


class TestWithdrawal:
    def test_publishes_a_leaked_key_no_more(self) -> None:
        first, second = signs(), rotate_signing_key(now=NOW).kid
        assert run("withdraw_signing_key", first).startswith(f"{first} is published no more")
        run("withdraw_signing_key", first)
        assert published() == [second]
        assert Event.objects.get(type="signing_key.withdrawn").data == {"kid": first}

    def test_is_refused_for_the_key_that_signs(self) -> None:
        kid = signs()
        with pytest.raises(SigningKeyInUse):
            withdraw_signing_key(kid=kid, now=NOW)
        with pytest.raises(CommandError, match="still signs"):
            run("withdraw_signing_key", kid)
        assert published() == [kid]

    def test_is_refused_for_an_unknown_key(self) -> None:
        with pytest.raises(SigningKeyNotFound):
            withdraw_signing_key(kid="unknown", now=NOW)


class TestKeyOfTheEnvironment:
    @pytest.fixture
    def given(self, settings: Settings) -> str:
        """The id of such a key."""
        settings.LICENSE_SIGNING_KEY = Ed25519PrivateKey.generate()
        return signing.thumbprint(signing.encode(settings.LICENSE_SIGNING_KEY.public_key().public_bytes_raw()))

    def test_signs_and_is_kept_without_its_private_part(self, given: str) -> None:
        assert [signs(), signs()] == [given, given]
        assert SigningKey.objects.get().private_key == ""
        assert published() == [given]

    def test_is_followed_by_another_one(self, given: str, settings: Settings) -> None:
        signs()
        settings.LICENSE_SIGNING_KEY = Ed25519PrivateKey.generate()
        assert signs() != given
        assert published() == [signs(), given]

    def test_follows_and_is_followed_by_one_of_the_database(self, given: str, settings: Settings) -> None:
        key, settings.LICENSE_SIGNING_KEY = settings.LICENSE_SIGNING_KEY, None
        first = signs()
        settings.LICENSE_SIGNING_KEY = key
        assert signs() == given
        settings.LICENSE_SIGNING_KEY = None
        third = signs()
        assert len({first, given, third}) == 3
        assert published()[0] == third
        assert set(published()) == {first, given, third}

    def test_may_come_back(self, given: str, settings: Settings) -> None:
        signs()
        key, settings.LICENSE_SIGNING_KEY = settings.LICENSE_SIGNING_KEY, Ed25519PrivateKey.generate()
        second = signs()
        settings.LICENSE_SIGNING_KEY = key
        assert signs() == given
        assert published() == [given, second]

    def test_signs_nothing_when_it_was_withdrawn(self, given: str, settings: Settings) -> None:
        signs()
        key, settings.LICENSE_SIGNING_KEY = settings.LICENSE_SIGNING_KEY, Ed25519PrivateKey.generate()
        signs()
        withdraw_signing_key(kid=given, now=NOW)
        settings.LICENSE_SIGNING_KEY = key
        with pytest.raises(signing.SigningKeyWithdrawn):
            signs()
        assert given not in published()

    def test_is_not_rotated_by_the_command(self, given: str) -> None:
        with pytest.raises(CommandError, match="LICENSE_SIGNING_KEY is set"):
            run("rotate_signing_key")
        assert signs() == given


class TestPublishedKeys:
    @staticmethod
    def get(client: Client, **headers: str) -> HttpResponse:
        """The JWK set."""
        return cast("HttpResponse", client.get("/.well-known/jwks.json", headers=headers))

    def test_are_a_jwk_set_without_private_parts(self, client: Client) -> None:
        old, new = signs(), rotate_signing_key(now=NOW).kid
        response = client.get("/.well-known/jwks.json")
        assert response.headers["Content-Type"] == "application/jwk-set+json"
        keys = response.json()["keys"]
        assert [key["kid"] for key in keys] == [new, old]
        for key in keys:
            assert set(key) == {"kty", "crv", "x", "kid", "alg", "use"}
            assert (key["kty"], key["crv"], key["alg"], key["use"]) == ("OKP", "Ed25519", "EdDSA", "sig")
            assert signing.thumbprint(key["x"]) == key["kid"]

    def test_are_never_none(self, client: Client) -> None:
        assert len(client.get("/.well-known/jwks.json").json()["keys"]) == 1

    def test_may_be_kept_by_anybody_and_asked_for_again(self, client: Client) -> None:
        first = self.get(client)
        assert first.headers["Cache-Control"] == "public, max-age=300"
        assert first.headers["Access-Control-Allow-Origin"] == "*"
        again = self.get(client, if_none_match=first.headers["ETag"])
        assert (again.status_code, again.content) == (304, b"")
        rotate_signing_key(now=NOW)
        assert self.get(client, if_none_match=first.headers["ETag"]).status_code == 200

    def test_need_no_log_in_and_ignore_a_broken_one(self, client: Client) -> None:
        assert self.get(client, authorization="Bearer broken").status_code == 200

    def test_have_one_address_and_one_method(self, client: Client, settings: Settings) -> None:
        response = client.post("/.well-known/jwks.json")
        assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")
        assert client.get("/.well-known/jwks.json/").status_code == 404
        settings.REQUIRE_HTTPS = True
        assert client.get("/.well-known/jwks.json").json()["code"] == "https_required"

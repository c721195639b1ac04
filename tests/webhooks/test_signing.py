"""Signatures: as the Standard Webhooks package and the documented recipe verify them."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from webhooks import signing

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
OLD_SECRET = "whsec_" + base64.b64encode(b"o" * 32).decode()
OTHER_SECRET = "whsec_" + base64.b64encode(b"x" * 32).decode()
BODY = b'{"id":"evt_1","type":"license.created"}'
BODIES = {
    "object": BODY,
    "empty object": b"{}",
    "letters of every kind": '{"name":"Zoë 東京 🎉"}'.encode(),
    "escaped letters": b'{"name":"Zo\\u00eb"}',
    "dots": b'{"a":"1.2.3"}',
    "spaces and lines": b' {\r\n\t"a" : 1 }\n',
    "large": json.dumps({"a": "b" * 60_000}).encode(),
}
# Computed with OpenSSL: printf '%s.%s.%s' id time body | openssl dgst -sha256 -mac HMAC -macopt hexkey:…
MOMENT = datetime(2026, 11, 22, 9, 30, 15, 999_999, tzinfo=UTC)
VECTOR = {
    "webhook-id": "evt_1",
    "webhook-timestamp": "1795339815",
    "webhook-signature": "v1,ABZWZdQmST9K0ZoyL3XF5WvHWVWBlobORX/95ZBtWB0=",
    "X-Coditect-Signature": "t=1795339815,v1=f7d318cfff0743c30eb9b28e1f1bda8f1450303f4b47033d275e81307af028b5",
}


def signed(
    body: bytes = BODY, *, message_id: str = "evt_1", secrets: list[str] | None = None, now: datetime | None = None
) -> dict[str, str]:
    """The headers of a body that is sent now."""
    return signing.headers_for(body, message_id=message_id, secrets=secrets or [SECRET], now=now or datetime.now(UTC))


def is_ours(body: bytes, header: str, secret: str) -> bool:
    """X-Coditect-Signature, checked by its documented recipe and nothing of ours."""
    parts = [part.split("=", 1) for part in header.split(",")]
    [timestamp] = [value for name, value in parts if name == "t"]
    expected = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return expected in [value for name, value in parts if name == "v1"]


class TestHeaders:
    def test_are_these(self) -> None:
        headers = signed(now=MOMENT)
        assert headers == VECTOR

    @pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
    def test_are_verified_by_the_standard_s_package(self, body: bytes) -> None:
        assert Webhook(SECRET).verify(body, signed(body)) == json.loads(body)

    @pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
    def test_are_those_that_the_standard_s_package_writes(self, body: bytes) -> None:
        theirs = Webhook(SECRET).sign("evt_1", MOMENT.replace(microsecond=0), body.decode())
        assert signed(body, now=MOMENT)["webhook-signature"] == theirs

    @pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
    def test_are_verified_by_the_recipe_of_the_other_header(self, body: bytes) -> None:
        assert is_ours(body, signed(body)["X-Coditect-Signature"], SECRET)

    def test_have_the_same_id_and_a_fresh_time_at_each_try(self) -> None:
        now = datetime.now(UTC)
        tries = [signed(now=now - wait) for wait in (timedelta(hours=10), timedelta(0))]
        assert {headers["webhook-id"] for headers in tries} == {"evt_1"}
        assert len({headers["webhook-timestamp"] for headers in tries}) == 2
        assert len({headers["webhook-signature"] for headers in tries}) == 2
        assert Webhook(SECRET).verify(BODY, tries[1])
        with pytest.raises(WebhookVerificationError, match="too old"):
            Webhook(SECRET).verify(BODY, tries[0])

    def test_hold_no_secret(self) -> None:
        text = json.dumps(signed(secrets=[SECRET, OLD_SECRET]))
        assert "whsec" not in text
        assert all(secret.removeprefix("whsec_") not in text for secret in (SECRET, OLD_SECRET))


class TestRotation:
    @pytest.mark.parametrize("secret", [SECRET, OLD_SECRET], ids=["new", "old"])
    def test_is_verified_by_both_secrets_in_the_overlap(self, secret: str) -> None:
        headers = signed(secrets=[SECRET, OLD_SECRET])
        assert len(headers["webhook-signature"].split(" ")) == headers["X-Coditect-Signature"].count("v1=") == 2
        assert Webhook(secret).verify(BODY, headers)
        assert is_ours(BODY, headers["X-Coditect-Signature"], secret)

    def test_has_the_new_secret_first(self) -> None:
        now = datetime.now(UTC)
        both, new = signed(secrets=[SECRET, OLD_SECRET], now=now), signed(now=now)
        assert both["webhook-signature"].startswith(new["webhook-signature"] + " ")
        assert both["X-Coditect-Signature"].startswith(new["X-Coditect-Signature"] + ",")

    def test_leaves_the_old_secret_worthless(self) -> None:
        headers = signed(secrets=[SECRET])
        with pytest.raises(WebhookVerificationError, match="No matching signature"):
            Webhook(OLD_SECRET).verify(BODY, headers)
        assert not is_ours(BODY, headers["X-Coditect-Signature"], OLD_SECRET)


class TestForgery:
    @pytest.mark.parametrize(
        ("body", "changes"),
        [
            (b'{"id":"evt_1","type":"license.revoked"}', {}),
            (BODY + b" ", {}),
            (b"", {}),
            (BODY, {"webhook-id": "evt_2"}),
            (BODY, {"webhook-id": "evt_1.1"}),
            (BODY, {"webhook-signature": "v1," + base64.b64encode(b"x" * 32).decode()}),
            (BODY, {"webhook-signature": "v1a," + base64.b64encode(b"x" * 32).decode()}),
        ],
        ids=["body", "space", "no body", "id", "moved dot", "signature", "version"],
    )
    def test_is_refused_when_altered_on_its_way(self, body: bytes, changes: dict[str, str]) -> None:
        with pytest.raises(WebhookVerificationError):
            Webhook(SECRET).verify(body, signed() | changes)

    def test_is_refused_when_its_time_is_altered(self) -> None:
        headers = signed()
        headers["webhook-timestamp"] = str(int(headers["webhook-timestamp"]) + 1)
        with pytest.raises(WebhookVerificationError, match="No matching signature"):
            Webhook(SECRET).verify(BODY, headers)

    def test_is_refused_with_another_secret(self) -> None:
        headers = signed(secrets=[OTHER_SECRET])
        with pytest.raises(WebhookVerificationError, match="No matching signature"):
            Webhook(SECRET).verify(BODY, headers)
        assert not is_ours(BODY, headers["X-Coditect-Signature"], SECRET)

    @pytest.mark.parametrize("minutes", [-6, 6])
    def test_is_refused_at_another_time(self, minutes: int) -> None:
        with pytest.raises(WebhookVerificationError, match="timestamp too"):
            Webhook(SECRET).verify(BODY, signed(now=datetime.now(UTC) + timedelta(minutes=minutes)))

    def test_is_refused_when_the_other_header_s_time_is_altered(self) -> None:
        header = signed(now=MOMENT)["X-Coditect-Signature"]
        later = header.replace(f"t={int(MOMENT.timestamp())}", f"t={int(MOMENT.timestamp()) + 1}")
        assert later != header
        assert not is_ours(BODY, later, SECRET)


class TestSecret:
    def test_is_32_random_bytes(self) -> None:
        made = {signing.make_secret() for _ in range(20)}
        assert len(made) == 20
        assert {len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) for secret in made} == {32}
        assert all(secret.startswith("whsec_") for secret in made)

    def test_signs_what_the_standard_s_package_verifies(self) -> None:
        secret = signing.make_secret()
        assert Webhook(secret).verify(BODY, signed(secrets=[secret]))

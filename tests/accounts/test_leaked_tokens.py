"""POST security/leaked-tokens."""

import base64
import json
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, HashAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_public_key
from django.utils import timezone
from pytest_django import Settings

from accounts.models import ApiToken, Role
from accounts.services.api_tokens import revoke_any_api_token
from accounts.services.leaked_tokens import SignatureInvalid, require_signature
from coditect.journal.models import Event, Mail
from tests.api.shapes import assert_problem
from tests.dialects import Answer, Api
from tests.factories import Person, make_api_token, make_person
from tests.mails import deliver, html_of, text_of

KEY_ID = "90a421169f0a406205f1563a953312f0"
PLACE = "https://github.com/octocat/Hello-World/blob/main/.env"
SIGNATURE_HEADER = "github_public_key_signature"
BAD = (400, "signature_invalid")
ODD = [
    *(b"", b"{}", b"null", b'"x"', b"[", b"[1]", b"[[]]", b"\xff", b"[" * 100_000),
    *(b'[{"token": "a"}]', b'[{"type": "a"}]', b'[{"token": 1, "type": "a"}]', b'[{"token": "", "type": "a"}]'),
    *(b'[{"token": "\\u0000", "type": "a"}]', b'[{"token": "\\ud800", "type": "a"}]'),
    b'[{"token": "a", "token": "b", "type": "a"}]',
]
# The test key, body and signature that GitHub's documentation gives to partners.
PUBLISHED_KEY = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEsz9ugWDj5jK5ELBK42ynytbo38gP"
    "HzZFI03Exwz8Lh/tCfL3YxwMdLjB+bMznsanlhK0RwcGP3IDb34kQDIo3Q=="
)
PUBLISHED_BODY = b'[{"token":"some_token","type":"some_type","url":"some_url","source":"some_source"}]'
PUBLISHED_SIGNATURE = "MEUCIFLZzeK++IhS+y276SRk2Pe5LfDrfvTXu6iwKKcFGCrvAiEAhHN2kDOhy2I6eGkOFmxNkOJ+L2y8oQ9A2T9GGJo6WJY="


@dataclass(frozen=True)
class Reporter:
    """Somebody who signs with a key."""

    key: ec.EllipticCurvePrivateKey
    key_id: str = KEY_ID

    def sign(self, body: bytes, algorithm: HashAlgorithm | None = None) -> str:
        """The header for a body."""
        return base64.b64encode(self.key.sign(body, ec.ECDSA(algorithm or SHA256()))).decode()

    def headers(self, body: bytes) -> dict[str, str]:
        """Both headers."""
        return {"github_public_key_identifier": self.key_id, SIGNATURE_HEADER: self.sign(body)}

    def send(self, api: Api, body: bytes, *, raw: bytes | None = None, signature: str | None = None) -> Answer:
        """Sign a body, and send it or another one, with that signature or another one."""
        signed = self.headers(body) | ({} if signature is None else {SIGNATURE_HEADER: signature})
        found = api.with_headers(**signed)
        return found.send("POST", api.url("leaked-tokens"), raw=body if raw is None else raw)

    def report(self, api: Api, *tokens: str, **more: Any) -> Answer:
        """Report tokens."""
        return self.send(api, listed(*tokens, **more))


def listed(*tokens: str, **more: Any) -> bytes:
    """A body as GitHub sends it."""
    about = {"type": "coditect_api_token", "url": PLACE, "source": "content"} | more
    return json.dumps([{"token": token} | about for token in tokens]).encode()


def verdict(token: str, label: str) -> dict[str, str]:
    """What is answered about a token."""
    return {
        "token_hash": sha256(token.encode()).hexdigest(),
        "token_type": "coditect_api_token",
        "label": label,
    }


@pytest.fixture
def github(settings: Settings) -> Reporter:
    """Somebody whose key the server knows."""
    reporter = Reporter(ec.generate_private_key(ec.SECP256R1()))
    settings.LEAKED_TOKENS_PUBLIC_KEYS = {KEY_ID: reporter.key.public_key()}
    return reporter


@pytest.fixture
def leaked(owner: Person) -> str:
    """A token that somebody committed."""
    return make_api_token(owner)


def is_alive(token: str) -> bool:
    """Whether nobody took it back."""
    return ApiToken.objects.get(token_hash=sha256(token.encode()).hexdigest()).revoked_at is None


class TestReportLeakedTokens:
    def test_revokes_at_once(self, api: Api, github: Reporter, leaked: str, outsider: Person) -> None:
        safe = make_api_token(outsider)
        assert api.as_bearer(leaked).get("me").status == 200
        answer = github.report(api, leaked)
        assert (answer.status, answer.json) == (200, [verdict(leaked, "true_positive")])
        assert_problem(api.as_bearer(leaked).get("me"), 401, "token_revoked")
        assert api.as_bearer(safe).get("me").status == 200

    def test_tells_ours_from_others_without_repeating_them(self, api: Api, github: Reporter, leaked: str) -> None:
        stranger = "cdt_live_" + "x" * 40
        answer = github.report(api, stranger, leaked)
        assert answer.json == [verdict(stranger, "false_positive"), verdict(leaked, "true_positive")]
        assert leaked not in answer.content.decode()

    def test_mails_the_maker_and_the_owners(self, api: Api, github: Reporter, owner: Person) -> None:
        admin = make_person(Role.ADMIN, organization=owner.organization)
        make_person(Role.MEMBER, organization=owner.organization)
        leaked = make_api_token(admin)
        github.report(api, leaked)
        letters = deliver()
        addresses = {admin.membership.user.email, owner.membership.user.email}
        assert {letter.to[0] for letter in letters} == addresses
        assert len(letters) == 2
        for letter in letters:
            for text in (text_of(letter), html_of(letter)):
                assert PLACE in text
                assert leaked[:13] in text
                assert leaked not in text

    def test_writes_down_where_it_was_found(self, api: Api, github: Reporter, leaked: str) -> None:
        answer = github.report(api, leaked, url=f"{PLACE}?q={leaked}")
        event = Event.objects.get(type="api_token.leaked")
        token = ApiToken.objects.get()
        assert (event.subject_id, event.organization_id) == (token.pk, token.organization_id)
        assert (event.data["url"], event.data["source"]) == (f"{PLACE}?q=…", "content")
        assert event.request_id == answer.headers["X-Request-ID"]
        assert Event.objects.filter(type="api_token.revoked", subject_id=token.pk).count() == 1
        assert leaked not in str([*Event.objects.values(), *Mail.objects.values()])

    def test_does_nothing_the_second_time(self, api: Api, github: Reporter, leaked: str) -> None:
        first = github.report(api, leaked)
        assert github.report(api, leaked).json == first.json
        assert Event.objects.filter(type="api_token.leaked").count() == 1
        assert Mail.objects.filter(template="api_token_leaked").count() == 1

    def test_knows_a_token_that_was_revoked_before(self, api: Api, github: Reporter, leaked: str) -> None:
        revoke_any_api_token(token_id=ApiToken.objects.get().pk, now=timezone.now())
        assert github.report(api, leaked).json == [verdict(leaked, "true_positive")]
        assert not Mail.objects.filter(template="api_token_leaked").exists()

    def test_takes_many_with_few_queries(
        self, api: Api, github: Reporter, leaked: str, django_assert_max_num_queries: Any
    ) -> None:
        others = [f"cdt_test_{number:040}" for number in range(2000)]
        with django_assert_max_num_queries(30):
            answer = github.report(api, *others, leaked)
        assert [one["label"] for one in answer.json].count("true_positive") == 1

    def test_asks_for_no_log_in_and_minds_none(self, api: Api, github: Reporter, leaked: str, owner: Person) -> None:
        assert github.report(api.as_bearer("nonsense"), "cdt_test_x").status == 200
        assert github.report(api.as_bearer(owner.token), leaked).status == 200

    def test_answers_an_empty_list_with_one(self, api: Api, github: Reporter) -> None:
        assert github.report(api).json == []


class TestSignature:
    def test_fits_the_example_that_github_publishes(self, settings: Settings) -> None:
        key = load_der_public_key(base64.b64decode(PUBLISHED_KEY))
        settings.LEAKED_TOKENS_PUBLIC_KEYS = {KEY_ID: key}
        require_signature(PUBLISHED_BODY, key_id=KEY_ID, signature=PUBLISHED_SIGNATURE)
        with pytest.raises(SignatureInvalid):
            require_signature(PUBLISHED_BODY + b" ", key_id=KEY_ID, signature=PUBLISHED_SIGNATURE)

    def test_of_another_key_is_refused(self, api: Api, github: Reporter, leaked: str) -> None:
        forger = Reporter(ec.generate_private_key(ec.SECP256R1()))
        assert_problem(forger.report(api, leaked), *BAD)
        assert is_alive(leaked)

    def test_of_another_curve_is_refused(self, api: Api, github: Reporter, leaked: str) -> None:
        forger = Reporter(ec.generate_private_key(ec.SECP384R1()))
        assert_problem(forger.report(api, leaked), *BAD)
        assert is_alive(leaked)

    def test_of_an_unknown_key_id_is_refused(self, api: Api, github: Reporter, leaked: str) -> None:
        assert_problem(Reporter(github.key, "another").report(api, leaked), *BAD)
        assert is_alive(leaked)

    def test_over_another_digest_is_refused(self, api: Api, github: Reporter, leaked: str) -> None:
        body = listed(leaked)
        assert_problem(github.send(api, body, signature=github.sign(body, SHA384())), *BAD)
        assert is_alive(leaked)

    @pytest.mark.parametrize("at", [0, 1, 20, -1])
    def test_of_an_altered_body_is_refused(self, api: Api, github: Reporter, leaked: str, at: int) -> None:
        body = listed(leaked)
        altered = bytearray(body)
        altered[at] ^= 1
        assert_problem(github.send(api, body, raw=bytes(altered)), *BAD)
        assert is_alive(leaked)

    def test_covers_white_space_too(self, api: Api, github: Reporter, leaked: str) -> None:
        body = listed(leaked)
        assert_problem(github.send(api, body, raw=body + b" "), *BAD)
        assert_problem(github.send(api, body, raw=json.dumps(json.loads(body), indent=1).encode()), *BAD)
        assert is_alive(leaked)

    @pytest.mark.parametrize("signature", ["", "nonsense", "é", "AAAA", "MEUCIQ==", " "])
    def test_that_is_none_is_refused(self, api: Api, github: Reporter, leaked: str, signature: str) -> None:
        body = listed(leaked)
        assert_problem(github.send(api, body, signature=signature), *BAD)
        assert is_alive(leaked)

    def test_is_asked_for(self, api: Api, github: Reporter, leaked: str) -> None:
        assert_problem(api.send("POST", api.url("leaked-tokens"), raw=listed(leaked)), *BAD)
        assert_problem(api.send("POST", api.url("leaked-tokens")), *BAD)
        assert is_alive(leaked)

    def test_is_checked_before_the_body_is_read(self, api: Api, github: Reporter) -> None:
        assert_problem(api.send("POST", api.url("leaked-tokens"), raw=b"{"), *BAD)


class TestWithoutKeys:
    def test_there_is_nothing_here(self, api: Api, settings: Settings, leaked: str) -> None:
        settings.LEAKED_TOKENS_PUBLIC_KEYS = {}
        assert_problem(Reporter(ec.generate_private_key(ec.SECP256R1())).report(api, leaked), 404, "not_found")
        assert is_alive(leaked)


class TestOddBodies:
    @pytest.mark.parametrize("body", ODD, ids=lambda body: f"{len(body)} bytes {body[:16]!r}")
    def test_are_refused_though_signed(self, api: Api, github: Reporter, body: bytes) -> None:
        answer = github.send(api, body)
        assert_problem(answer, 400, answer.code)

    def test_that_are_too_large_are_refused(self, api: Api, github: Reporter, leaked: str) -> None:
        body = listed(leaked) + b" " * 1024 * 1024
        assert_problem(github.send(api, body), 413, "payload_too_large")
        assert is_alive(leaked)

    def test_of_another_type_are_refused(self, api: Api, github: Reporter, leaked: str) -> None:
        body = listed(leaked)
        found = api.with_headers(**github.headers(body))
        answer = found.send("POST", api.url("leaked-tokens"), raw=body, content_type="text/plain")
        assert_problem(answer, 415, "unsupported_media_type")
        assert is_alive(leaked)

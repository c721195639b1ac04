"""Where a checkout may send people back to."""

import pytest
from django.conf import settings as configured
from pytest_django import Settings

from coditect.local.fake_stripe.fake import FakeStripe
from subscriptions.services.redirects import is_allowed
from tests.dialects import Api
from tests.factories import Person
from tests.subscriptions.buying import check_out, order

EVIL = {
    "another host": "https://evil.example/success",
    "no scheme": "//evil.example/success",
    "our host without a scheme": "//app.coditect.ai/success",
    "backslashes": "\\\\evil.example/success",
    "backslashes after the scheme": "https:\\\\evil.example\\success",
    "a backslash before the at sign": "https://evil.example\\@app.coditect.ai/",
    "a backslash after the host": "https://app.coditect.ai\\.evil.example/",
    "our host as the user": "https://app.coditect.ai@evil.example/success",
    "our host and port as the user": "https://app.coditect.ai:443@evil.example/",
    "a user at our host": "https://user:pass@app.coditect.ai/success",
    "javascript": "javascript:alert(document.domain)//https://app.coditect.ai/",
    "javascript in capitals": "JaVaScRiPt://app.coditect.ai/%0aalert(1)",
    "data": "data:text/html,<script>alert(1)</script>",
    "a file": "file://app.coditect.ai/etc/passwd",
    "CR and LF": "https://app.coditect.ai/success\r\nSet-Cookie: a=b",
    "a line feed in the scheme": "java\nscript:alert(1)",
    "a tab in the host": "https://app.coditect.ai\t.evil.example/",
    "a blank before it": " https://app.coditect.ai/success",
    "letters that look like ours": "https://app.c\u043editect.ai/success",
    "full-width letters": "https://\uff41pp.coditect.ai/success",
    "punycode": "https://app.xn--cditect-9fg.ai/success",
    "a full stop of another script": "https://app.coditect.ai\u3002evil.example/",
    "our host as a sub-domain": "https://app.coditect.ai.evil.example/success",
    "our host as an ending": "https://evilapp.coditect.ai/success",
    "a sub-domain of ours": "https://old.app.coditect.ai/success",
    "a full stop after our host": "https://app.coditect.ai./success",
    "another port": "https://app.coditect.ai:8443/success",
    "a port that is none": "https://app.coditect.ai:https/success",
    "plain HTTP": "http://app.coditect.ai/success",
    "localhost as a sub-domain": "http://localhost.evil.example/",
    "localhost as the user": "http://localhost:3000@evil.example/",
    "one slash": "https:/app.coditect.ai/success",
    "no slash": "https:app.coditect.ai",
    "three slashes": "https:///app.coditect.ai/",
    "brackets": "https://[app.coditect.ai]/",
    "percent signs in the host": "https://app%2ecoditect.ai/",
    "a path": "/success",
    "a word": "success",
    "a question mark before the at sign": "https://evil.example?@app.coditect.ai/",
    "a hash sign before the at sign": "https://evil.example#@app.coditect.ai/",
    "too long": "https://app.coditect.ai/" + "a" * 2048,
}
GOOD = [
    "https://app.coditect.ai",
    "https://app.coditect.ai/success?session={CHECKOUT_SESSION_ID}&next=%2Fa#top",
    "https://APP.coditect.ai:443/success",
    "HTTPS://app.coditect.ai/@me",
    "http://localhost:3000/success",
    "http://127.0.0.1:5173/",
    "http://localhost/",
]


class TestRedirect:
    @pytest.mark.parametrize("field", ["success_url", "cancel_url"])
    @pytest.mark.parametrize("name", EVIL)
    def test_goes_nowhere_else(self, api: Api, fake: FakeStripe, owner: Person, name: str, field: str) -> None:
        answer = check_out(api, owner, **{field: EVIL[name]})
        assert answer.status == {"flat": 400, "enveloped": 422}[api.dialect]
        assert list(answer.errors) == [field]
        assert fake.objects("checkout.session") == []

    @pytest.mark.parametrize("url", GOOD)
    def test_goes_to_where_it_may(self, api: Api, fake: FakeStripe, owner: Person, url: str) -> None:
        assert check_out(api, owner, success_url=url, cancel_url=url).status == 201
        (session,) = fake.objects("checkout.session")
        assert (session["success_url"], session["cancel_url"]) == (url, url)

    def test_goes_to_our_own_origin(self) -> None:
        assert is_allowed(f"{configured.PUBLIC_URL}/anything")

    def test_is_not_at_localhost_outside_development(self, settings: Settings) -> None:
        settings.CHECKOUT_REDIRECT_ORIGINS, settings.CHECKOUT_REDIRECT_ORIGIN_REGEXES = ["https://shop.example"], []
        assert [url for url in [*GOOD, "https://shop.example/"] if is_allowed(url)] == ["https://shop.example/"]

    def test_of_the_portal_is_held_to_the_same(self, api: Api, fake: FakeStripe, owner: Person) -> None:
        answer = api.as_bearer(owner.token).post("billing-portal", {"return_url": EVIL["our host as a sub-domain"]})
        assert list(answer.errors) == ["return_url"]

    @pytest.mark.parametrize("value", [7, None, ["https://app.coditect.ai/"], ""])
    def test_must_be_a_text(self, api: Api, fake: FakeStripe, owner: Person, value: object) -> None:
        answer = api.as_bearer(owner.token).post("checkout", order(success_url=value))
        assert (answer.status, list(answer.errors)) == (400, ["success_url"])

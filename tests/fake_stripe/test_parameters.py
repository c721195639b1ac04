"""Parameters are read as Stripe reads them, and refused in its words."""

import pytest

from coditect.local.fake_stripe.fake import FakeStripe
from coditect.local.fake_stripe.forms import parse_form
from coditect.local.fake_stripe.problems import StripeProblem
from tests.fake_stripe.account import body_of

CHECKOUT = "mode=subscription&success_url=x&line_items[0][price]=price_pro_monthly&line_items[0][quantity]=3"


def error_of(fake: FakeStripe, path: str, form: str) -> tuple[int, dict[str, str]]:
    status, body = body_of(fake, "POST", path, form)
    return status, body["error"]


class TestUnknownParameters:
    @pytest.mark.parametrize(
        ("path", "form", "name"),
        [
            ("/v1/customers", "emial=a", "emial"),
            ("/v1/checkout/sessions", f"{CHECKOUT}&line_items[0][amount]=1", "line_items[0][amount]"),
            ("/v1/checkout/sessions", f"{CHECKOUT}&subscription_data[seats]=1", "subscription_data[seats]"),
            ("/v1/subscriptions/sub_1", "quantity=3&items[0][id]=si_1&items[0][seats]=1", "quantity"),
            ("/v1/invoices/in_1/pay", "charge=1", "charge"),
        ],
    )
    def test_are_refused_as_stripe_does(self, fake: FakeStripe, path: str, form: str, name: str) -> None:
        status, error = error_of(fake, path, form)
        assert status == 400
        assert (error["type"], error["code"], error["param"]) == ("invalid_request_error", "parameter_unknown", name)
        assert error["message"].startswith(f"Received unknown parameter: {name}")

    def test_are_refused_in_queries_too(self, fake: FakeStripe) -> None:
        status, body = body_of(fake, "GET", "/v1/subscriptions?organization=1")
        assert (status, body["error"]["code"]) == (400, "parameter_unknown")

    def test_are_all_named(self, fake: FakeStripe) -> None:
        _, error = error_of(fake, "/v1/customers", "a=1&b=2")
        assert error["message"] == "Received unknown parameters: a, b"


class TestBadValues:
    @pytest.mark.parametrize(
        ("path", "form", "code", "message"),
        [
            ("/v1/products", "", "parameter_missing", "Missing required param: name."),
            ("/v1/checkout/sessions", "mode=subscription", "parameter_missing", "Missing required param: line_items."),
            ("/v1/customers", "name=x&balance=many", "parameter_invalid_integer", "Invalid integer: many"),
            (
                "/v1/checkout/sessions",
                "mode=gift",
                None,
                "Invalid mode: must be one of payment, setup, or subscription",
            ),
            ("/v1/products", "name=", "parameter_invalid_empty", "You passed an empty string for 'name'."),
            ("/v1/products", "name=x&active=maybe", None, "Invalid boolean: maybe"),
            ("/v1/products", "name[a]=x", None, "Invalid string"),
            ("/v1/checkout/sessions", "mode=subscription&line_items=3", None, "Invalid array"),
            ("/v1/checkout/sessions", "mode=subscription&line_items[a]=3", None, "Invalid object"),
            ("/v1/customers", "tax_exempt=none", None, "The fake Stripe of this repository does not know"),
        ],
    )
    def test_are_refused(self, fake: FakeStripe, path: str, form: str, code: str | None, message: str) -> None:
        status, error = error_of(fake, path, form)
        assert (status, error.get("code")) == (400, code)
        assert error["message"].startswith(message)

    def test_leave_nothing_behind(self, fake: FakeStripe) -> None:
        before = len(fake.objects("event"))
        error_of(fake, "/v1/customers", "name=x&balance=many")
        assert len(fake.objects("event")) == before


class TestForms:
    def test_nest(self) -> None:
        assert parse_form("a[b][0][c]=1&a[b][1][c]=2&d=3") == {"a": {"b": {"0": {"c": "1"}, "1": {"c": "2"}}}, "d": "3"}

    def test_count_empty_brackets(self) -> None:
        assert parse_form("expand[]=a&expand[]=b") == {"expand": {"0": "a", "1": "b"}}

    @pytest.mark.parametrize("form", ["a[b=1", "[a]=1", "a=1&a[b]=2"])
    def test_that_no_client_writes_are_refused(self, form: str) -> None:
        with pytest.raises(StripeProblem):
            parse_form(form)


class TestMetadata:
    def test_is_merged_and_an_empty_value_deletes_a_key(self, fake: FakeStripe) -> None:
        _, customer = body_of(fake, "POST", "/v1/customers", "metadata[a]=1&metadata[b]=2")
        _, changed = body_of(fake, "POST", f"/v1/customers/{customer['id']}", "metadata[a]=&metadata[c]=3")
        assert changed["metadata"] == {"b": "2", "c": "3"}

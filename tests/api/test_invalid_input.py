"""Input that cannot be taken: missing or mistyped is one thing, well-formed but unacceptable another."""

from typing import Any

import pytest

from accounts.models import User
from tests.api.shapes import assert_problem
from tests.dialects import Api

GOOD = {"email": "ada@example.com", "password": "SecurePass123!", "full_name": "Ada", "company_name": "Acme"}
MISSING: list[tuple[dict[str, Any], str, str]] = [
    ({"email": ...}, "email", "required"),
    ({"password": ...}, "password", "required"),
    ({"company_name": ...}, "company_name", "required"),
    ({"email": None}, "email", "null"),
    ({"email": ""}, "email", "blank"),
    ({"full_name": "   "}, "full_name", "blank"),
    ({"email": {}}, "email", "invalid"),
    ({"email": []}, "email", "invalid"),
    ({"email": True}, "email", "invalid"),
    ({"password": ["x"]}, "password", "invalid"),
    ({"full_name": 5}, "full_name", "invalid"),
    ({"password": 1.5}, "password", "invalid"),
]
UNACCEPTABLE: list[tuple[dict[str, Any], str, str]] = [
    ({"email": "nobody"}, "email", "invalid_email"),
    ({"email": "a@b"}, "email", "invalid_email"),
    ({"email": "a" * 250 + "@example.com"}, "email", "max_length"),
    ({"full_name": "x" * 151}, "full_name", "max_length"),
    ({"company_name": "x" * 151}, "company_name", "max_length"),
    ({"password": "x" * 257}, "password", "max_length"),
    ({"password": "short1!"}, "password", "password_too_short"),
]


def changed(changes: dict[str, Any]) -> dict[str, Any]:
    """A good registration with changes; `...` leaves a field out."""
    return {name: value for name, value in (GOOD | changes).items() if value is not ...}


class TestMissingOrMistyped:
    @pytest.mark.parametrize(("changes", "field", "reason"), MISSING)
    def test_is_a_400_with_errors_in_flat(self, flat: Api, changes: dict[str, Any], field: str, reason: str) -> None:
        answer = flat.post("register", changed(changes))
        assert_problem(answer, 400, "validation_failed")
        assert answer.json["error"] == "Validation failed"
        assert answer.json["errors"] == {field: [answer.json["detail"]]}
        assert not User.objects.exists()

    @pytest.mark.parametrize(("changes", "field", "reason"), MISSING)
    def test_is_an_invalid_request_in_enveloped(
        self, enveloped: Api, changes: dict[str, Any], field: str, reason: str
    ) -> None:
        answer = enveloped.post("register", changed(changes))
        assert_problem(answer, 400, "invalid_request")
        assert answer.details == {"field": field, "reason": reason, "errors": {field: [answer.message]}}
        assert not User.objects.exists()

    def test_outweighs_the_unacceptable(self, enveloped: Api) -> None:
        answer = enveloped.post("register", changed({"email": "nobody", "full_name": ...}))
        assert_problem(answer, 400, "invalid_request")
        assert set(answer.errors) == {"email", "full_name"}

    def test_names_every_field_at_once(self, api: Api) -> None:
        assert set(api.post("register", {}).errors) == set(GOOD)


class TestUnacceptable:
    @pytest.mark.parametrize(("changes", "field", "reason"), UNACCEPTABLE)
    def test_is_a_400_with_errors_in_flat(self, flat: Api, changes: dict[str, Any], field: str, reason: str) -> None:
        answer = flat.post("register", changed(changes))
        assert_problem(answer, 400, "validation_failed")
        assert answer.json["detail"] == answer.json["errors"][field][0]
        assert not User.objects.exists()

    @pytest.mark.parametrize(("changes", "field", "reason"), UNACCEPTABLE)
    def test_is_a_422_in_enveloped(self, enveloped: Api, changes: dict[str, Any], field: str, reason: str) -> None:
        answer = enveloped.post("register", changed(changes))
        assert_problem(answer, 422, "validation_failed")
        assert (answer.details["field"], answer.details["reason"]) == (field, reason)
        assert answer.errors[field][0] == answer.message
        assert not User.objects.exists()

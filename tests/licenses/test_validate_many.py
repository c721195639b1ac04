"""POST licenses/validate/batch: many keys of the own organization in one request."""

import pytest

from licenses.models import License
from tests.bench.costs import counting
from tests.dialects import Answer, Api
from tests.factories import Person, make_api_token, make_license

UNKNOWN = "PROD-2025-NONE-0000"
MISTYPED = "DEV-2026-0000-0000-0000-0000-0000-0000-00ZZ"


def validate(api: Api, person: Person, *key_strings: object) -> Answer:
    """Ask for the worth of many keys."""
    return api.as_bearer(person.token).post("validate-batch", {"key_strings": key_strings})


def worth(answer: Answer) -> list[str]:
    """In short: "good" or the code, for each key."""
    assert answer.status == 200, answer.content
    return ["good" if verdict["valid"] else verdict["code"] for verdict in answer.data["verdicts"]]


class TestValidateMany:
    def test_answers_in_the_order_of_the_keys_and_as_often(self, api: Api, owner: Person, license: License) -> None:
        suspended = make_license(owner.organization)
        License.objects.filter(pk=suspended.pk).update(status="suspended")
        spelled = license.key_string.lower().replace("-", " ")
        asked = [suspended.key_string, UNKNOWN, license.key_string, MISTYPED, spelled, suspended.key_string]
        expected = ["suspended", "not_found", "good", "malformed_key", "good", "suspended"]
        assert worth(validate(api, owner, *asked)) == expected

    def test_says_of_each_key_what_is_said_of_it_alone(self, api: Api, owner: Person, license: License) -> None:
        [verdict] = validate(api, owner, license.key_string).data["verdicts"]
        alone = api.post("validate", {"key_string": license.key_string}).data
        changing = {"checked_at": None, "receipt": None}
        assert verdict | changing == alone | changing
        assert verdict["receipt"].count(".") == 2

    def test_hides_the_keys_of_others(self, api: Api, owner: Person, outsider: Person, license: License) -> None:
        foreign, unknown = validate(api, outsider, license.key_string, UNKNOWN).data["verdicts"]
        changing = {"checked_at": None, "receipt": None}
        assert foreign | changing == unknown | changing
        assert foreign["code"] == "not_found"

    def test_reads_a_hundred_keys_in_one_statement(self, api: Api, owner: Person) -> None:
        asked = [make_license(owner.organization).key_string for _ in range(100)]
        validate(api, owner, asked[0])
        with counting() as cost:
            assert worth(validate(api, owner, *asked)) == ["good"] * 100
        assert len([sql for sql in cost.statements if "license_key" in sql]) == 1
        assert len(cost.statements) - len([sql for sql in cost.statements if "signingkey" in sql]) == 1

    def test_refuses_more_than_a_hundred(self, api: Api, owner: Person) -> None:
        answer = validate(api, owner, *[UNKNOWN] * 101)
        assert (answer.status, answer.code) == ({"flat": 400, "enveloped": 422}[api.dialect], "validation_failed")
        assert "100" in answer.errors["key_strings"][0]

    @pytest.mark.parametrize("keys", [None, [], "PROD", [1], [None], [["a"]], [""], ["x" * 201], {"a": "b"}])
    def test_wants_keys_in_a_list(self, api: Api, owner: Person, keys: object) -> None:
        answer = api.as_bearer(owner.token).post("validate-batch", {"key_strings": keys})
        assert answer.status in {400, 422}
        [field] = answer.errors
        assert field == ("key_strings.0" if isinstance(keys, list) and keys else "key_strings")

    def test_is_for_who_is_signed_in(self, api: Api, license: License) -> None:
        assert api.post("validate-batch", {"key_strings": [license.key_string]}).status == 401

    def test_takes_an_api_token_that_reads_licenses(self, api: Api, owner: Person, license: License) -> None:
        reading, other = make_api_token(owner, "read:licenses"), make_api_token(owner, "read:org")
        body = {"key_strings": [license.key_string]}
        assert worth(api.with_headers(x_api_key=reading).post("validate-batch", body)) == ["good"]
        assert api.with_headers(x_api_key=other).post("validate-batch", body).code == "insufficient_scope"

"""Bodies that one JSON reader takes and the next refuses: never a crash."""

import json

import pytest

from licenses.models import License
from tests.api.shapes import assert_problem
from tests.dialects import Api
from tests.factories import Person

MEBIBYTE = 1024 * 1024
ODD = {
    "nul-escape": b'{"key_string": "a\\u0000b"}',
    "nul-byte": b'{"key_string": "a\x00b"}',
    "nul-in-name": b'{"a\\u0000": 1, "key_string": "x"}',
    "nul-deep-inside": b'{"key_string": "x", "a": [[{"b": "\\u0000"}]]}',
    "lone-high-surrogate": b'{"key_string": "\\ud800"}',
    "lone-low-surrogate": b'{"key_string": "\\udc00x"}',
    "surrogate-in-name": b'{"\\ud800": 1, "key_string": "x"}',
    "surrogates-in-the-wrong-order": b'{"key_string": "\\ude00\\ud83d"}',
    "surrogates-that-only-meet-by-joining": b'{"key_string": ["\\ud83d", "\\ude00"]}',
    "nested-lists": b"[" * 100_000,
    "nested-lists-closed": b'{"key_string": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "nested-objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "list": b"[]",
    "list-of-objects": b'[{"key_string": "x"}]',
    "string": b'"key_string"',
    "empty-string": b'""',
    "number": b"5",
    "null": b"null",
    "true": b"true",
    "nan": b'{"key_string": NaN}',
    "infinity": b'{"key_string": Infinity}',
    "minus-infinity": b'{"key_string": -Infinity}',
    "overflowing-float": b'{"key_string": 1e400}',
    "underflowing-negative": b'{"key_string": -1e400}',
    "endless-integer": b'{"key_string": ' + b"9" * 5000 + b"}",
    "duplicate-name": b'{"key_string": "a", "key_string": "b"}',
    "duplicate-name-inside": b'{"key_string": "a", "x": {"y": 1, "y": 1}}',
    "invalid-utf-8": b'{"key_string": "\xff"}',
    "surrogate-in-utf-8": b'{"key_string": "\xed\xa0\x80"}',
    "utf-16": '{"key_string": "x"}'.encode("utf-16"),
    "byte-order-mark": b'\xef\xbb\xbf{"key_string": "x"}',
    "white-space": b"  ",
    "half": b'{"key_string": "x"',
    "trailing": b'{"key_string": "x"} x',
    "two": b"{}{}",
    "single-quotes": b"{'key_string': 'x'}",
    "comment": b'{"key_string": "x" /* y */}',
    "trailing-comma": b'{"key_string": "x",}',
    "raw-newline": b'{"key_string": "a\nb"}',
}


class TestOddJson:
    @pytest.mark.parametrize("raw", ODD.values(), ids=ODD.keys())
    def test_is_a_400(self, api: Api, raw: bytes) -> None:
        assert_problem(api.send("POST", api.url("validate"), raw=raw), 400, "invalid_request")

    @pytest.mark.parametrize("name", ["log-in", "refresh", "register", "acquire", "heartbeat-by-body", "release"])
    def test_is_a_400_everywhere(self, api: Api, owner: Person, name: str) -> None:
        for oddity in ("nul-escape", "lone-high-surrogate", "nested-lists", "list", "nan"):
            answer = api.as_bearer(owner.token).send("POST", api.url(name), raw=ODD[oddity])
            assert_problem(answer, 400, "invalid_request")

    def test_still_answers_scripts_that_read_validity(self, flat: Api) -> None:
        answer = flat.send("POST", flat.url("validate"), raw=b"[]")
        assert answer.json["valid"] is None
        assert answer.json["reason"] == answer.json["detail"]

    @pytest.mark.parametrize(
        "raw",
        [
            b' {"key_string": "x"}\n',
            b'{"key_string": "\\ud83d\\ude00"}',
            '{"key_string": "schlüssel 😀"}'.encode(),
            b'{"key_string": "x", "unknown": {"a": [1, 2.5e3, null, true]}}',
        ],
    )
    def test_is_not_what_merely_looks_unusual(self, api: Api, raw: bytes) -> None:
        assert api.send("POST", api.url("validate"), raw=raw).status == 200

    @pytest.mark.parametrize("depth", [90, 110, 860, 880, 900, 910, 920, 930])
    def test_of_any_depth_never_crashes(self, flat: Api, owner: Person, license: License, depth: int) -> None:
        nested = b"[" * depth + b"]" * depth
        raw = b'{"license_key": "%s", "hardware_id": "m", "metadata": {"a": %s}}' % (
            license.key_string.encode(),
            nested,
        )
        answer = flat.as_bearer(owner.token).send("POST", flat.url("acquire"), raw=raw)
        assert answer.status in {201, 400}
        assert flat.as_bearer(owner.token).get("sessions").status == 200


class TestLargeBody:
    @pytest.mark.parametrize("name", ["validate", "log-in", "refresh", "register"])
    def test_is_a_413(self, api: Api, name: str) -> None:
        raw = json.dumps({"key_string": "x" * MEBIBYTE}).encode()
        assert_problem(api.send("POST", api.url(name), raw=raw), 413, "payload_too_large")

    def test_passes_at_exactly_one_mebibyte(self, api: Api) -> None:
        raw = b'{"key_string": "x"}'.ljust(MEBIBYTE)
        assert api.send("POST", api.url("validate"), raw=raw).status == 200
        assert_problem(api.send("POST", api.url("validate"), raw=raw + b" "), 413, "payload_too_large")

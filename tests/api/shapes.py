"""What every answer must look like, whatever it says."""

import re

from tests.dialects import Answer

REQUEST_ID = re.compile(r"req_[0-9a-f]{24}")
UTC_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z")
FLAT_EXTRAS = {"valid", "reason"}


def assert_identified(answer: Answer) -> None:
    """The answer carries a request id, in its envelope the same one."""
    request_id = answer.headers["X-Request-ID"]
    assert REQUEST_ID.fullmatch(request_id)
    if answer.dialect == "enveloped" and answer.json is not None:
        assert set(answer.json["meta"]) == {"request_id", "timestamp"}
        assert answer.json["meta"]["request_id"] == request_id
        assert UTC_TIME.fullmatch(answer.json["meta"]["timestamp"])


def assert_problem(answer: Answer, status: int, code: str) -> None:
    """The answer is this failure, with the whole body that its dialect promises."""
    assert (answer.status, answer.code) == (status, code)
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.message
    if answer.dialect == "enveloped":
        assert set(answer.json) == {"error", "meta"}
        assert set(answer.json["error"]) == {"code", "message", "details"}
    else:
        last = "errors" if "errors" in answer.json else "details"
        assert set(answer.json) - FLAT_EXTRAS == {"error", "detail", "code", last}
    assert_identified(answer)

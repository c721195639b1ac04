"""docs/webhooks.md: the published programs believe what our sender sends, and nothing else."""

import json
import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from tests.guide.published_receiver import DOCUMENT, PublishedReceiver
from tests.verifiers import NODE
from tests.workshop.files import code_block, read
from webhooks import sender, signing
from webhooks.sender import Answer

SECRET, OTHER_SECRET = signing.make_secret(), signing.make_secret()
BODY = json.dumps({"id": "evt_1", "type": "license.created", "data": {"name": "Zoë 東京"}}).encode()
FORGED_BODY = BODY.replace(b"created", b"revoked")
# Signatures of all shapes that are none.
NONSENSE = ["", "v1", "v1,", "v1,?", "v1,é", "v2,AAAA", "v1,AAAA v1", "v1a,AAAA", ",", " ", "v1,AAA"]


def headers(*secrets: str, body: bytes = BODY, age: timedelta = timedelta(0)) -> dict[str, str]:
    """What our sender sends with a body."""
    return signing.headers_for(body, message_id="evt_1", secrets=secrets or [SECRET], now=datetime.now(UTC) - age)


@pytest.fixture
def receiver(tmp_path: Path, settings: Settings) -> Iterator[PublishedReceiver]:
    """The published receiver, running."""
    settings.WEBHOOK_ALLOW_PRIVATE = True
    receiver = PublishedReceiver(tmp_path, SECRET)
    receiver.start()
    yield receiver
    receiver.stop()


class TestReceiver:
    def send(self, receiver: PublishedReceiver, headers: dict[str, str], body: bytes = BODY) -> Answer:
        """By the real sender."""
        return sender.send(receiver.url, body, headers)

    def test_is_of_about_twenty_lines(self) -> None:
        program = code_block(read(DOCUMENT), "python")
        assert len([line for line in program.splitlines() if line.strip()]) <= 25

    def test_takes_what_we_send(self, receiver: PublishedReceiver) -> None:
        answer = self.send(receiver, headers())
        assert (answer.error, answer.status_code) == ("", 204)
        assert receiver.lines == ["license.created {'name': 'Zoë 東京'}"]

    def test_takes_the_same_event_once(self, receiver: PublishedReceiver) -> None:
        answers = [self.send(receiver, headers()).error for _ in range(3)]
        assert (answers, len(receiver.lines)) == (["", "", ""], 1)

    def test_takes_what_is_signed_by_two_secrets(self, receiver: PublishedReceiver) -> None:
        assert self.send(receiver, headers(OTHER_SECRET, SECRET)).error == ""

    @pytest.mark.parametrize("signature", NONSENSE)
    def test_refuses_a_signature_that_is_none_and_goes_on(self, signature: str, receiver: PublishedReceiver) -> None:
        assert self.send(receiver, headers() | {"webhook-signature": signature}).status_code == 400
        assert receiver.lines == []
        assert self.send(receiver, headers()).error == ""

    def test_refuses_a_forged_body(self, receiver: PublishedReceiver) -> None:
        assert self.send(receiver, headers(), FORGED_BODY).status_code == 400
        assert self.send(receiver, headers(body=b"\xff"), b"\xff").status_code == 400
        assert self.send(receiver, headers(body=b"{"), b"{").status_code == 400
        assert receiver.lines == []

    def test_refuses_another_secret(self, receiver: PublishedReceiver) -> None:
        assert self.send(receiver, headers(OTHER_SECRET)).status_code == 400

    def test_refuses_an_unsigned_event(self, receiver: PublishedReceiver) -> None:
        assert self.send(receiver, {}).status_code == 400

    @pytest.mark.parametrize("minutes", [6, -6], ids=["old", "of the future"])
    def test_refuses_another_time(self, minutes: int, receiver: PublishedReceiver) -> None:
        assert self.send(receiver, headers(age=timedelta(minutes=minutes))).status_code == 400
        assert receiver.lines == []

    def test_refuses_an_old_event_with_a_new_time(self, receiver: PublishedReceiver) -> None:
        old = headers(age=timedelta(minutes=6))
        assert self.send(receiver, old | {"webhook-timestamp": headers()["webhook-timestamp"]}).status_code == 400


Questions = dict[str, tuple[bytes, dict[str, str], bool]]


@pytest.fixture
def questions() -> Questions:
    """What a program is asked, and whether it must believe it."""
    return {
        "ours": (BODY, headers(), True),
        "two secrets": (BODY, headers(OTHER_SECRET, SECRET), True),
        "another secret": (BODY, headers(OTHER_SECRET), False),
        "forged body": (FORGED_BODY, headers(), False),
        "longer body": (BODY + b" ", headers(), False),
        "other id": (BODY, headers() | {"webhook-id": "evt_2"}, False),
        "no signature": (BODY, headers() | {"webhook-signature": "", "X-Coditect-Signature": ""}, False),
        "no time": (BODY, headers() | {"webhook-timestamp": "", "X-Coditect-Signature": "v1=00"}, False),
        "old": (BODY, headers(age=timedelta(hours=1)), False),
        "of the future": (BODY, headers(age=-timedelta(hours=1)), False),
        "nothing": (BODY, {}, False),
    }


class TestTypeScriptProgram:
    def test_believes_what_we_send_and_nothing_else(self, questions: Questions, tmp_path: Path) -> None:
        asked = [
            [body.decode(), {name.lower(): value for name, value in given.items()}]
            for body, given, _ in questions.values()
        ]
        script = f"""{code_block(read(DOCUMENT), "typescript")}
const believes = ([body, headers]: any): boolean => {{
  try {{
    return verifyWebhook(Buffer.from(body), headers, {json.dumps(SECRET)}).id === "evt_1";
  }} catch {{
    return false;
  }}
}};
console.log(JSON.stringify({json.dumps(asked)}.map(believes)));
"""
        (tmp_path / "verify.mts").write_text(script, encoding="utf-8")
        done = subprocess.run([NODE, tmp_path / "verify.mts"], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        assert dict(zip(questions, json.loads(done.stdout), strict=True)) == believed(questions)


def believed(questions: Questions) -> dict[str, bool]:
    """What must be answered."""
    return {name: expected for name, (_, _, expected) in questions.items()}


class TestPlainPythonProgram:
    def test_believes_what_we_send_and_nothing_else(self, questions: Questions) -> None:
        names: dict[str, Any] = {}
        exec(code_block(read(DOCUMENT), "py"), names)  # noqa: S102 (our own document)
        # It knows nothing of the id, which the other signature covers.
        del questions["other id"]
        verdicts = {
            name: names["is_ours"](body, given.get("X-Coditect-Signature", ""), SECRET)
            for name, (body, given, _) in questions.items()
        }
        assert verdicts == believed(questions)


class TestOpensslProgram:
    def test_prints_the_signature_that_we_send(self, tmp_path: Path) -> None:
        (tmp_path / "body.json").write_bytes(BODY)
        given = headers()
        environment = {
            "PATH": os.environ["PATH"],
            "WEBHOOK_SECRET": SECRET,
            "WEBHOOK_ID": given["webhook-id"],
            "WEBHOOK_TIMESTAMP": given["webhook-timestamp"],
        }
        command = ["bash", "-euo", "pipefail", "-c", code_block(read(DOCUMENT), "bash")]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
        assert f"v1,{done.stdout.strip()}" == given["webhook-signature"]


class TestDocument:
    def test_names_every_error_of_a_try(self) -> None:
        words = {line.split("`")[1] for line in read(DOCUMENT).splitlines() if line.startswith("| `")}
        assert set(sender.ERRORS) <= words

"""docs/ci.md: the script does as it says, with the real server, with a broken one, and with none."""

import base64
import json
import os
import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml

from coditect.local import process
from tests.live import Live
from tests.workshop.files import code_block, read

DOCUMENT = "docs/ci.md"
NOWHERE = "http://127.0.0.1:1"
KEY = "PROD-2025-ABCD-1234"
# SHA-256 of PR0D2025ABCD1234.
KEY_HASH = "01cba5eac50e9b32d51d76b9516dfc1607f56ef8a5d66786aaff72b73dff3d47"
DAY = 24 * 60 * 60


@dataclass(frozen=True)
class Ran:
    """How the script ended, and what it said."""

    code: int
    out: str
    err: str


@dataclass
class Job:
    """A CI job with the script in its directory."""

    directory: Path
    key: str = KEY
    url: str = NOWHERE
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def receipt(self) -> Path:
        """Where the script keeps it."""
        return self.directory / ".coditect-receipt"

    def run(self) -> Ran:
        """Run the script as CI would."""
        done = subprocess.run(
            [self.directory / "validate-license.sh"],
            cwd=self.directory,
            env={
                "PATH": os.environ["PATH"],
                "CODITECT_LICENSE_KEY": self.key,
                "CODITECT_API_URL": self.url,
                "CODITECT_TIMEOUT": "5",
                **self.environment,
            },
            check=False,
            capture_output=True,
            text=True,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def keep(self, **claims: Any) -> None:
        """Let it have a receipt."""
        said = {"valid": True, "key_sha256": KEY_HASH, "iat": int(time.time()), "checked_at": "2026-11-22T09:00:00Z"}
        payload = base64.urlsafe_b64encode(json.dumps(said | {"stale_if_error": DAY} | claims).encode())
        self.receipt.write_text(f"e30.{payload.rstrip(b'=').decode()}.c2ln\n")


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """A job without a server."""
    script = tmp_path / "validate-license.sh"
    script.write_text(code_block(read(DOCUMENT), "bash"))
    script.chmod(0o755)
    return Job(tmp_path)


class Request(BaseHTTPRequestHandler):
    """A request, and what its body says."""

    answer: ClassVar[Callable[["Request"], None]]
    body: bytes

    def do_POST(self) -> None:
        """Read it and answer."""
        self.body = self.rfile.read(int(self.headers["Content-Length"]))
        type(self).answer(self)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


Answer = Callable[[Request], None]


@contextmanager
def server_that(answer: Answer) -> Iterator[str]:
    """A server of one answer."""
    handler = type("Handler", (Request,), {"answer": staticmethod(answer)})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def says(status: int, body: str) -> Answer:
    """Answer this."""

    def answer(request: Request) -> None:
        request.send_response(status)
        request.send_header("Content-Length", str(len(body.encode())))
        request.end_headers()
        request.wfile.write(body.encode())

    return answer


NO_VERDICTS = {
    "503": says(503, '{"error":"Service Unavailable","detail":"Down.","valid":null,"reason":"Down."}'),
    "429": says(429, '{"valid":null,"reason":"Too many requests."}'),
    "500 that looks like a verdict": says(500, '{"valid":false,"reason":"?"}'),
    "a portal's page": says(200, '<html><a href="/login">Log in</a></html>'),
    "half a verdict": says(200, '{"val'),
    "nothing": says(200, ""),
    "a closed connection": lambda request: request.connection.close(),
}


class TestScript:
    def test_passes_while_the_server_is_stopped_and_says_so(self, live: Live, job: Job) -> None:
        job.key, job.url = live.demo.license_key, live.url
        asked = job.run()
        assert (asked.code, asked.err) == (0, "")
        assert re.fullmatch(r"The license is valid\. Tier: \w+\n", asked.out)
        assert job.receipt.stat().st_mode & 0o777 == 0o600
        process.stop_all([live.web])
        try:
            stopped = job.run()
            job.key = job.key.lower().replace("-", " ")
            spelled_otherwise = job.run()
            job.receipt.unlink()
            without = job.run()
        finally:
            live.start_web()
        assert (stopped.code, stopped.out) == (0, "")
        assert re.fullmatch(
            r"Warning: could not ask whether the license is valid \(no answer\)\. It was at 20\d\d-\S+Z; that is good "
            r"enough for another 167 hours and \d+ minutes\.\n",
            stopped.err,
        ), stopped.err
        assert (spelled_otherwise.code, without.code) == (0, 75)
        job.key = "PROD-2025-NONE-0000"
        unknown = job.run()
        assert (unknown.code, unknown.err) == (1, "The license is invalid: No license has this key.\n")

    def test_fails_and_forgets_the_receipt_where_the_license_is_invalid(self, job: Job) -> None:
        job.keep()
        with server_that(says(200, '{"valid":false,"code":"suspended","reason":"The license is suspended."}')) as url:
            job.url = url
            ran = job.run()
        assert (ran.code, ran.err) == (1, "The license is invalid: The license is suspended.\n")
        assert not job.receipt.exists()

    @pytest.mark.parametrize("answer", NO_VERDICTS.values(), ids=NO_VERDICTS)
    def test_goes_on_with_its_receipt_where_the_answer_is_no_verdict(self, job: Job, answer: Answer) -> None:
        job.keep()
        before = job.receipt.read_bytes()
        with server_that(answer) as job.url:
            ran = job.run()
        assert ran.code == 0
        assert ran.err.startswith("Warning: could not ask")
        assert job.receipt.read_bytes() == before

    def test_does_not_wait_for_ever(self, job: Job) -> None:
        job.keep()
        job.environment["CODITECT_TIMEOUT"] = "0.3"
        over = threading.Event()

        def wait(_: Request) -> None:
            over.wait()

        with server_that(wait) as job.url:
            ran = job.run()
            over.set()
        assert (ran.code, "no answer" in ran.err) == (0, True)

    def test_says_why_the_server_refuses(self, job: Job) -> None:
        with server_that(NO_VERDICTS["429"]) as job.url:
            ran = job.run()
        assert ran.code == 75
        assert "status 429, Too many requests." in ran.err

    @pytest.mark.parametrize(
        "claims",
        [
            {"iat": 1_700_000_000},
            {"stale_if_error": 0},
            {"valid": False},
            {"key_sha256": "0" * 64},
            {"iat": None},
        ],
        ids=["old", "of no use", "of a bad key", "of another key", "without a time"],
    )
    def test_does_not_go_on_with_a_receipt(self, job: Job, claims: dict[str, Any]) -> None:
        job.keep(**claims)
        assert job.run().code == 75

    @pytest.mark.parametrize("text", ["", "a.b.c", "....", "no receipt", "a.bm90IGpzb24.c"])
    def test_does_not_go_on_with_what_is_no_receipt(self, job: Job, text: str) -> None:
        job.receipt.write_text(text)
        assert job.run().code == 75

    def test_keeps_the_receipt_that_it_has_where_none_comes(self, job: Job) -> None:
        job.keep()
        before = job.receipt.read_bytes()
        with server_that(says(200, '{"valid":true,"license":{"tier":"pro"},"receipt":null}')) as job.url:
            assert job.run().code == 0
        assert job.receipt.read_bytes() == before

    def test_passes_where_the_receipt_cannot_be_kept(self, job: Job) -> None:
        job.environment["CODITECT_RECEIPT"] = "no/such/folder/receipt"
        with server_that(says(200, '{"valid":true,"license":{"tier":"pro"},"receipt":"a.b.c"}')) as job.url:
            ran = job.run()
        assert ran.code == 0
        assert "Warning: the receipt could not be kept" in ran.err

    def test_sends_any_key_as_json(self, job: Job) -> None:
        sent: list[Any] = []
        job.key = "a\"b\\c'd$e`f%s"
        with server_that(lambda request: sent.append(json.loads(request.body))) as job.url:
            job.run()
        assert sent == [{"key_string": job.key}]

    def test_wants_a_key(self, job: Job) -> None:
        job.key = ""
        assert job.run() == Ran(64, "", "CODITECT_LICENSE_KEY is not set.\n")


def example(name: str) -> dict[str, Any]:
    """The example of a CI system."""
    loaded: dict[str, Any] = yaml.safe_load(code_block(read(DOCUMENT).partition(f"### {name}\n")[2], "yaml"))
    return loaded


class TestExamples:
    def test_github_keeps_and_fetches_the_scripts_receipt(self, job: Job) -> None:
        steps = example("GitHub Actions")["jobs"]["build"]["steps"]
        restore, validate, save = steps[1:4]
        assert restore["with"]["path"] == save["with"]["path"] == job.receipt.name
        assert restore["with"]["key"] == save["with"]["key"]
        assert save["with"]["key"].startswith(restore["with"]["restore-keys"])
        assert validate["run"] == "./validate-license.sh"
        assert set(validate["env"]) == {"CODITECT_LICENSE_KEY"}

    def test_gitlab_keeps_the_scripts_receipt(self, job: Job) -> None:
        found = example("GitLab")["license"]
        assert found["cache"]["paths"] == [job.receipt.name]
        assert found["script"] == ["./validate-license.sh"]
        assert found["retry"]["exit_codes"] == 75

    def test_name_every_exit_code(self) -> None:
        script = code_block(read(DOCUMENT), "bash")
        told = set(re.findall(r"^#   (\d+) ", script, re.MULTILINE))
        assert told == set(re.findall(r"\bexit (\d+)", script))

"""Mails by the real server and the real worker, into files as in development."""

import re
import time
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path

import pytest
import requests

from coditect.local import process
from tests.factories import PASSWORD
from tests.live import Live

PATIENCE_SECONDS = 30.0
POLL_SECONDS = 0.05


@pytest.fixture
def worker(live: Live) -> Iterator[Live]:
    """The server; a worker that the test starts is stopped with it."""
    yield live
    process.stop_all([live.worker])


def mails_to(address: str, folder: Path) -> list[str]:
    """The text parts of the mails to an address that lie in the folder."""
    letters = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in folder.glob("*.log")]
    return [str(letter.get_body(("plain",))) for letter in letters if letter["To"] == address]


def wait_for_mail(address: str, folder: Path) -> str:
    """The one mail to an address, once it is there."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not mails_to(address, folder) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    (text,) = mails_to(address, folder)
    return text


class TestMail:
    def test_waits_for_a_worker_and_then_leads_back_here(self, worker: Live) -> None:
        address, folder = "live@example.com", worker.directory / "mail"
        body = {"email": address, "password": PASSWORD, "full_name": "Ada", "company_name": "Acme"}
        assert requests.post(f"{worker.url}/api/v1/auth/register/", json=body, timeout=10).status_code == 201
        assert not list(folder.glob("*"))
        worker.worker.launch()
        link = re.findall(r"https?://\S+/verify-email/\?token=[\w-]+", wait_for_mail(address, folder))[0]
        answer = requests.get(link, timeout=10)
        assert (answer.status_code, answer.json()["email_verified"]) == (200, True)
        token = link.partition("token=")[2]
        assert [log.name for log in worker.directory.glob("*.log") if token in log.read_text(errors="replace")] == []

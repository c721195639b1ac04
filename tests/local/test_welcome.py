"""The overview's commands are shell commands."""

import json
import shlex
from pathlib import Path

from coditect.local.programs import Demo
from coditect.local.welcome import welcome_text

DEMO = Demo(
    user_email="demo@example.com",
    user_password="it's secret",
    admin_email="admin@example.com",
    admin_password="x",
    license_key="DEV-2026-KEY",
)
TEXT = welcome_text(url="http://127.0.0.1:8001", demo=DEMO, logs=Path("/var/log"), degraded=())


def curl_lines() -> list[str]:
    return [line for line in TEXT.splitlines() if "curl" in line]


class TestWelcome:
    def test_shows_addresses_log_ins_and_key(self) -> None:
        assert "http://127.0.0.1:8001/api/v1/" in TEXT
        assert "http://127.0.0.1:8001/v1" in TEXT
        assert "http://127.0.0.1:8001/admin/" in TEXT
        assert "demo@example.com   password it's secret" in TEXT
        assert "admin@example.com   password x" in TEXT
        assert "DEV-2026-KEY" in TEXT

    def test_has_three_lines_whose_quoting_the_shell_undoes(self) -> None:
        log_in, acquire, validate = curl_lines()
        words = shlex.split(log_in.removeprefix("TOKEN=$("))
        assert json.loads(words[words.index("-d") + 1]) == {"email": "demo@example.com", "password": "it's secret"}
        assert json.loads(shlex.split(acquire)[-1])["license_key"] == "DEV-2026-KEY"
        assert json.loads(shlex.split(validate)[-1]) == {"key_string": "DEV-2026-KEY"}

    def test_admits_what_does_not_work_yet(self) -> None:
        text = welcome_text(url="u", demo=DEMO, logs=Path(), degraded=("worker", "redis"))
        assert "Not working yet: worker, redis." in text
        assert "Not working yet" not in TEXT

"""How gunicorn is configured."""

import runpy
from typing import Any

import pytest

from coditect.local.options import ROOT


def configuration() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "coditect" / "gunicorn_conf.py"))


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BIND", "PORT", "WEB_CONCURRENCY", "WEB_THREADS"):
        monkeypatch.delenv(name, raising=False)


class TestGunicorn:
    def test_trusts_no_peer_s_word_about_https(self) -> None:
        assert configuration()["forwarded_allow_ips"] == ""

    def test_listens_on_the_loopback_address(self) -> None:
        assert configuration()["bind"] == "127.0.0.1:8000"

    def test_is_sized_by_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert (configuration()["workers"], configuration()["threads"]) == (2, 4)
        monkeypatch.setenv("PORT", "8001")
        monkeypatch.setenv("WEB_CONCURRENCY", "7")
        monkeypatch.setenv("WEB_THREADS", "9")
        found = configuration()
        assert (found["bind"], found["workers"], found["threads"]) == ("127.0.0.1:8001", 7, 9)

    def test_listens_elsewhere_in_a_container(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("BIND", "0.0.0.0:8000")
        assert configuration()["bind"] == "0.0.0.0:8000"

    def test_opens_no_other_door(self) -> None:
        assert configuration()["control_socket_disable"] is True

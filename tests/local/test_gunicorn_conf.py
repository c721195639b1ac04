"""How gunicorn is configured."""

import multiprocessing
import os
import runpy
from types import SimpleNamespace
from typing import Any

import pytest

from coditect.local.options import ROOT


def configuration() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "coditect" / "gunicorn_conf.py"))


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BIND", "PORT", "WEB_CONCURRENCY", "WEB_THREADS", "WEB_CPU_AFFINITY"):
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


class TestProcessors:
    @pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="nothing can be pinned on this system")
    @pytest.mark.parametrize("asked_for", ["0", "1"])
    def test_each_worker_has_the_one_that_fewest_have_where_that_is_asked_for(
        self, monkeypatch: pytest.MonkeyPatch, asked_for: str
    ) -> None:
        monkeypatch.setenv("WEB_CPU_AFFINITY", asked_for)
        all_of_them = os.sched_getaffinity(0)
        found, arbiter = configuration(), SimpleNamespace(pid=os.getpid(), WORKERS={})
        theirs = [processors_of_next(found, arbiter, number) for number in range(len(all_of_them))]
        if asked_for == "0":
            assert theirs == [all_of_them] * len(all_of_them)
            return
        assert sorted(map(tuple, theirs)) == [(processor,) for processor in sorted(all_of_them)]
        last = max(arbiter.WORKERS)
        del arbiter.WORKERS[last]
        assert processors_of_next(found, arbiter, last + 1) == theirs[last]


def processors_of_next(found: dict[str, Any], arbiter: SimpleNamespace, number: int) -> set[int]:
    """The processors of one more worker, forked as gunicorn does it."""
    worker = SimpleNamespace()
    found["pre_fork"](arbiter, worker)
    arbiter.WORKERS[number] = worker
    fork = multiprocessing.get_context("fork")
    receiver, sender = fork.Pipe(duplex=False)

    def begin() -> None:
        found["post_fork"](arbiter, worker)
        sender.send(os.sched_getaffinity(0))

    process = fork.Process(target=begin)
    process.start()
    try:
        return set(receiver.recv())
    finally:
        process.join()

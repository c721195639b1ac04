"""Asks the real server about known and unknown addresses in turn, and compares how long it takes to answer."""

import argparse
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests

from tests.live import Live

PASSWORD, WRONG = "SecurePass123!", "Wrong-Password-99!"
ALLOWED_GAP = 0.05
Body = Callable[[str], dict[str, Any]]
QUESTIONS: dict[str, Body] = {
    "auth/token/": lambda email: {"email": email, "password": WRONG},
    "auth/forgot-password/": lambda email: {"email": email},
    "auth/resend-verification/": lambda email: {"email": email},
    "auth/otp/request/": lambda email: {"email": email},
    "auth/otp/verify/": lambda email: {"email": email, "code": "000000"},
}


def main() -> int:
    """Print a line for each question; 1 where a gap is too wide."""
    arguments = argparse.ArgumentParser(prog="python -m tests.enumeration", description=__doc__)
    arguments.add_argument("--samples", type=int, default=300, help="questions of each kind (default 300)")
    samples: int = arguments.parse_args().samples
    with tempfile.TemporaryDirectory() as directory:
        server = Live(Path(directory) / "live", RATE_LIMIT_FACTOR="0")
        try:
            server.start()
            gaps = [gap_of(server.url, path, body, samples) for path, body in QUESTIONS.items()]
        finally:
            server.stop()
    return int(max(gaps) > ALLOWED_GAP)


def gap_of(url: str, path: str, body: Body, samples: int) -> float:
    """How far the medians lie apart, as a part of the shorter one."""
    times: dict[str, list[float]] = {"known": [], "unknown": []}
    with requests.Session() as session:
        for number in range(samples + 1):
            # Of each pair the one that comes first changes, and the first pair only warms up.
            for kind in ("known", "unknown") if number % 2 else ("unknown", "known"):
                email = new_account(session, url) if kind == "known" else address()
                began = time.perf_counter()
                session.post(f"{url}/api/v1/{path}", json=body(email), timeout=10)
                times[kind] += [time.perf_counter() - began] if number else []
    known, unknown = (statistics.median(times[kind]) for kind in ("known", "unknown"))
    gap = abs(known - unknown) / min(known, unknown)
    verdict = "ok" if gap <= ALLOWED_GAP else "TOO WIDE"
    line = f"{path:24} known {known * 1000:7.2f} ms, unknown {unknown * 1000:7.2f} ms, gap {gap:6.1%} {verdict}\n"
    sys.stdout.write(line)
    sys.stdout.flush()
    return gap


def address() -> str:
    """One that nobody has yet."""
    return f"{secrets.token_hex(8)}@example.com"


def new_account(session: requests.Session, url: str) -> str:
    """The address of a new user: each is asked about once, as an unknown one is."""
    email = address()
    account = {"email": email, "password": PASSWORD, "full_name": "Ada", "company_name": "Acme"}
    session.post(f"{url}/api/v1/auth/register/", json=account, timeout=10).raise_for_status()
    return email


if __name__ == "__main__":
    sys.exit(main())

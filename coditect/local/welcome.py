"""The overview that a ready `make run` leaves on the terminal."""

import json
import shlex
from collections.abc import Sequence
from pathlib import Path

from coditect.local.programs import Demo

_READ_ACCESS = """python3 -c 'import json, sys; print(json.load(sys.stdin)["access"])'"""

_TEXT = """
CODITECT is ready. Ctrl-C stops it.{warning}

  API          {url}/api/v1/   and   {url}/v1
  Admin        {url}/admin/{stripe}

  Demo user    {demo.user_email}   password {demo.user_password}
  Demo admin   {demo.admin_email}   password {demo.admin_password}
  License key  {demo.license_key}

Three lines to try in another terminal: log in, take a seat, check the license.

{log_in}

{acquire}

{validate}

Logs: {logs}
"""


def welcome_text(*, url: str, stripe: str | None = None, demo: Demo, logs: Path, degraded: Sequence[str]) -> str:
    """Lay out addresses, log-ins and commands that can be pasted into a shell as they are."""
    credentials = {"email": demo.user_email, "password": demo.user_password}
    seat = {"license_key": demo.license_key, "hardware_id": "my-first-machine"}
    return _TEXT.format(
        url=url,
        demo=demo,
        logs=logs,
        stripe=f"\n  Stripe       {stripe}   (a fake: its clock and its faults)" if stripe else "",
        warning=f" Not working yet: {', '.join(degraded)}." if degraded else "",
        log_in=f"TOKEN=$({_post(f'{url}/api/v1/auth/token/', credentials)} | {_READ_ACCESS})",
        acquire=_post(f"{url}/api/v1/licenses/acquire/", seat, '-H "Authorization: Bearer $TOKEN"'),
        validate=_post(f"{url}/api/v1/licenses/validate/", {"key_string": demo.license_key}),
    )


def _post(url: str, body: dict[str, str], *options: str) -> str:
    data = shlex.quote(json.dumps(body))
    return " ".join(["curl -s", shlex.quote(url), *options, "-H 'Content-Type: application/json'", "-d", data])

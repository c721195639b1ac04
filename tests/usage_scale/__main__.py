"""Makes up a year of sessions in a throw-away PostgreSQL, rolls it up, and times what is asked of it.

`python -m tests.usage_scale`: ten million sessions of one license need 6 GB of disk and about ten minutes.
"""

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

import django
from django.core.management import call_command

from coditect.local.postgres import Postgres


def main() -> int:
    """Print a line for each figure."""
    parser = argparse.ArgumentParser(prog="python -m tests.usage_scale", description=__doc__)
    parser.add_argument("--sessions", type=int, default=10_000_000, help="in the year, of one license")
    parser.add_argument("--users", type=int, default=2_000, help="each on up to three machines")
    arguments = parser.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="coditect-usage-"))
    # PostgreSQL may have to run as nobody, who must get through to its own directory inside.
    directory.chmod(0o711)
    postgres = Postgres(directory / "postgres", durable=False)
    try:
        postgres.launch()
        postgres.wait_ready()
        prepare(postgres.url, directory)
        measure(arguments.sessions, arguments.users)
    finally:
        postgres.stop()
        shutil.rmtree(directory)
    return 0


def prepare(url: str, directory: Path) -> None:
    """Have Django use the database, with its tables."""
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "coditect.settings",
        "CODITECT_ENV": "development",
        "CODITECT_DATA_DIR": str(directory),
        "SECRET_KEY": "only-for-this-run",
        "DATABASE_URL": url,
        # Nothing here asks Redis.
        "REDIS_URL": "redis://127.0.0.1:1/0",
    }
    django.setup()
    call_command("migrate", verbosity=0)


def measure(sessions: int, users: int) -> None:
    """Fill, roll up, ask; each in its module, since they need the settings."""
    from tests.usage_scale import figures, record

    license = record.fill(sessions=sessions, users=users)
    figures.roll_up()
    figures.ask(license)
    figures.look_at_sizes()


if __name__ == "__main__":
    sys.exit(main())

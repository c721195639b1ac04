"""Migrates the database and seeds the demo: `python -m coditect.local.prepare`, a child process of the supervisor."""

import os
import sys

import django
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import OperationalError


def main() -> None:
    """Log to stderr; the last line on stdout is the demo's JSON."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coditect.settings")
    try:
        django.setup()
        call_command("migrate", interactive=False, stdout=sys.stderr)
        call_command("seed_demo")
    except (ImproperlyConfigured, CommandError, OperationalError) as error:
        sys.exit(f"{error}")


if __name__ == "__main__":
    main()

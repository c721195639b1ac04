"""`manage.py roll_up_usage`: roll up all usage that is over, at once; the worker does so bit by bit."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from licenses.services.rollup import roll_up_usage


class Command(BaseCommand):
    """See the module."""

    help = "Roll up all usage that is over, at once, for instance after sessions of a year were imported."

    def handle(self, *_: Any, **__: Any) -> None:
        """Take step by step until none is left, or another worker takes them."""
        steps = 0
        while taken := roll_up_usage(now=timezone.now()):
            steps += taken
        self.stdout.write(f"steps taken, of a day or less: {steps}")

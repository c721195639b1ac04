"""`make simulate`: sets Django up, then see report.py."""

import os
import sys
from importlib import import_module

import django

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coditect.settings")
    django.setup()
    sys.exit(import_module("tests.seats.simulation.report").main())

"""The console as a Django app."""

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    """See the package."""

    name = "coditect.console"
    label = "console"

"""Health as a Django app."""

from django.apps import AppConfig


class HealthConfig(AppConfig):
    """See the package."""

    name = "health"

    def ready(self) -> None:
        """A worker that starts says so at once."""
        from health import tasks

        tasks.connect()

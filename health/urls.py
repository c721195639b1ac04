"""Paths of health."""

from coditect.api.routers import Router
from health import views


def register(router: Router) -> None:
    """Add this app's endpoints."""
    router.add("health", views.HealthView, name="health")
    router.add("health/ready", views.ReadyView, name="ready")

"""Paths of licenses and seats."""

from coditect.api.routers import Router
from licenses import views


def register(router: Router) -> None:
    """Add this app's endpoints."""
    # First, because it comes most often and paths are tried in order.
    router.add("licenses/sessions/<uuid:session_id>/heartbeat", views.HeartbeatView, name="heartbeat")
    router.add("licenses", views.LicenseListView, name="licenses")
    router.add("licenses/validate", views.ValidateView, name="validate")
    router.add("licenses/acquire", views.AcquireView, name="acquire")
    router.add("licenses/heartbeat", views.HeartbeatByBodyView, name="heartbeat-by-body")
    router.add("licenses/release", views.ReleaseView, name="release")
    router.add("licenses/sessions", views.SessionListView, name="sessions")
    router.add("licenses/sessions/<uuid:session_id>", views.SessionView, name="session")
    router.add("licenses/<uuid:license_id>", views.LicenseView, name="license")

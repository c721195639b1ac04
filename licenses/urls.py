"""Paths of licenses and seats."""

from coditect.api.routers import Router
from licenses.views import heartbeat, licenses, seats, validation


def register(router: Router) -> None:
    """Add this app's endpoints."""
    # First, because it comes most often and paths are tried in order.
    router.add("licenses/sessions/<uuid:session_id>/heartbeat", heartbeat.HeartbeatView, name="heartbeat")
    router.add("licenses", licenses.LicenseListView, name="licenses")
    router.add("licenses/validate", validation.ValidateView, name="validate")
    router.add("licenses/acquire", seats.AcquireView, name="acquire")
    router.add("licenses/heartbeat", heartbeat.HeartbeatByBodyView, name="heartbeat-by-body")
    router.add("licenses/release", seats.ReleaseView, name="release")
    router.add("licenses/sessions", seats.SessionListView, name="sessions")
    router.add("licenses/sessions/<uuid:session_id>", seats.SessionView, name="session")
    router.add("licenses/<uuid:license_id>", licenses.LicenseView, name="license")

"""Paths of licenses and seats."""

from coditect.api.routers import Router
from licenses.views import batches, files, heartbeat, licenses, seats, validation

from licenses.views.keys import RotateKeyView


def register(router: Router) -> None:
    """Add this app's endpoints."""
    # First, because it comes most often and paths are tried in order.
    router.add("licenses/sessions/<uuid:session_id>/heartbeat", heartbeat.HeartbeatView, name="heartbeat")
    router.add("licenses", licenses.LicenseListView, name="licenses")
    router.add("licenses/validate", validation.ValidateView, name="validate")
    router.add("licenses/validate/batch", validation.ValidateManyView, name="validate-batch")
    router.add("licenses/acquire", seats.AcquireView, name="acquire")
    router.add("licenses/heartbeat", heartbeat.HeartbeatByBodyView, name="heartbeat-by-body")
    router.add("licenses/release", seats.ReleaseView, name="release")
    router.add("licenses/sessions", seats.SessionListView, name="sessions")
    router.add("licenses/sessions/<uuid:session_id>", seats.SessionView, name="session")
    router.add("licenses/<uuid:license_id>", licenses.LicenseView, name="license")
    router.add("licenses/<uuid:license_id>/rotate-key", RotateKeyView, name="rotate-key")
    router.add("licenses/<uuid:license_id>/download", files.DownloadView, name="download")
    router.add("batches", batches.BatchListView, name="batches")
    router.add("batches/<uuid:batch_id>", batches.BatchView, name="batch")
    router.add("batches/<uuid:batch_id>/results", batches.BatchResultsView, name="batch-results")
    router.add("batches/<uuid:batch_id>/cancel", batches.CancelBatchView, name="cancel-batch")

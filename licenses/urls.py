"""Paths of licenses and seats."""

from coditect.api.routers import Router
from licenses.views import batches, files, heartbeat, licenses, life, seats, validation
from licenses.views.explain import ExplainView
from licenses.views.imports import ImportView
from licenses.views.keys import RotateKeyView
from licenses.views.usage import ExportUsageView, UsageView


def register(router: Router) -> None:
    """Add this app's endpoints."""
    # First, because it comes most often and paths are tried in order.
    router.add("licenses/sessions/<uuid:session_id>/heartbeat", heartbeat.HeartbeatView, name="heartbeat")
    router.add("licenses", licenses.LicenseListView, name="licenses")
    router.add("licenses/validate", validation.ValidateView, name="validate")
    router.add("licenses/validate/batch", validation.ValidateManyView, name="validate-batch")
    router.add("licenses/import", ImportView, name="import")
    router.add("licenses/acquire", seats.AcquireView, name="acquire")
    router.add("licenses/heartbeat", heartbeat.HeartbeatByBodyView, name="heartbeat-by-body")
    router.add("licenses/release", seats.ReleaseView, name="release")
    router.add("licenses/sessions", seats.SessionListView, name="sessions")
    router.add("licenses/sessions/<uuid:session_id>", seats.SessionView, name="session")
    router.add("licenses/<uuid:license_id>", licenses.LicenseView, name="license")
    router.add("licenses/<uuid:license_id>/suspend", life.SuspendView, name="suspend")
    router.add("licenses/<uuid:license_id>/reinstate", life.ReinstateView, name="reinstate")
    router.add("licenses/<uuid:license_id>/revoke", life.RevokeView, name="revoke")
    router.add("licenses/<uuid:license_id>/renew", life.RenewView, name="renew")
    router.add("licenses/<uuid:license_id>/transfer", life.TransferView, name="transfer")
    router.add("licenses/<uuid:license_id>/explain", ExplainView, name="explain")
    router.add("licenses/<uuid:license_id>/rotate-key", RotateKeyView, name="rotate-key")
    router.add("licenses/<uuid:license_id>/usage", UsageView, name="usage")
    router.add("licenses/<uuid:license_id>/usage/export", ExportUsageView, name="export-usage")
    router.add("licenses/<uuid:license_id>/download", files.DownloadView, name="download")
    router.add("batches", batches.BatchListView, name="batches")
    router.add("batches/<uuid:batch_id>", batches.BatchView, name="batch")
    router.add("batches/<uuid:batch_id>/results", batches.BatchResultsView, name="batch-results")
    router.add("batches/<uuid:batch_id>/cancel", batches.CancelBatchView, name="cancel-batch")

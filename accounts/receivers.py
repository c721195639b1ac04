"""What accounts does when Django tells of a log-in to the console: the journal learns of it."""

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.utils import timezone

from accounts.models import User, normalize_email
from accounts.services.failed_log_ins import CONSOLE_FAILED, note_failed_log_in
from coditect.journal.services import record_event


def connect() -> None:
    """Register the receivers."""
    user_logged_in.connect(note_logged_in, dispatch_uid="accounts.note_logged_in")
    user_logged_out.connect(note_logged_out, dispatch_uid="accounts.note_logged_out")
    user_login_failed.connect(note_failed, dispatch_uid="accounts.note_failed")


def note_logged_in(user: User, **_: Any) -> None:
    """Somebody is in the console."""
    record_event("console.logged_in", user, at=timezone.now(), organization_id=None)


def note_logged_out(user: User | None, **_: Any) -> None:
    """Somebody left the console; nobody, where the session had run out."""
    if user is not None:
        record_event("console.logged_out", user, at=timezone.now(), organization_id=None)


def note_failed(credentials: dict[str, Any], **_: Any) -> None:
    """Somebody tried to get into the console."""
    email = normalize_email(str(credentials.get("username", "")))
    user = User.objects.filter(email=email).first()
    note_failed_log_in(email=email, user=user, reason="password", now=timezone.now(), event_type=CONSOLE_FAILED)

"""What users change about themselves."""

from datetime import datetime

from django.db import transaction

from accounts.models import User
from coditect.journal.services import record_event


@transaction.atomic
def update_profile(*, user: User, now: datetime, full_name: str | None = None) -> User:
    """Change a user's name; None leaves it."""
    if full_name is None or full_name == user.full_name:
        return user
    user.full_name = full_name
    user.save(update_fields=["full_name"])
    record_event("user.updated", user, at=now, organization_id=None, data={"fields": ["full_name"]})
    return user

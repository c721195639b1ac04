"""Signing up."""

from datetime import datetime

from django.db import IntegrityError, transaction

from accounts.models import Membership, User
from accounts.services.organizations import found_organization
from accounts.services.verify_email import request_verification
from coditect.errors import Conflict
from coditect.journal.services import record_event


class EmailTaken(Conflict):
    """Somebody has signed up with this address."""

    code = "email_taken"
    message = "An account with this e-mail address already exists."


@transaction.atomic
def register_user(*, email: str, password: str, full_name: str, company_name: str, now: datetime) -> Membership:
    """Make a user, and an organization that they own.

    Raises EmailTaken.
    """
    try:
        with transaction.atomic():
            user = User.objects.create_user(email, password, full_name=full_name, created_at=now)
    except IntegrityError as error:
        raise EmailTaken from error
    membership = found_organization(user=user, name=company_name, now=now)
    record_event("user.registered", user, at=now, organization_id=membership.organization_id)
    request_verification(email=user.email, now=now)
    return membership

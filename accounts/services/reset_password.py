"""Getting back in without the password."""

from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.services.one_time_tokens import OneTimeTokenInvalid, Purpose, lock_token
from accounts.services.passwords import replace_password
from accounts.services.verify_email import note_verified
from coditect.journal.mails import queue_mail
from coditect.journal.services import record_event


def request_reset(*, email: str, now: datetime) -> None:
    """Have a token sent. The same work for every address: the worker finds out whether anybody has it."""
    queue_mail(template="reset_password", to=email, now=now)


@transaction.atomic
def reset_password(*, token: str, new_password: str, now: datetime) -> User:
    """Spend a token on a new password, and end every log-in.

    Raises OneTimeTokenInvalid, and InvalidInput, which leaves the token good.
    """
    found = lock_token(token, purpose=Purpose.RESET_PASSWORD, now=now)
    user = found.user
    if found.email != user.email:
        raise OneTimeTokenInvalid
    replace_password(user=user, password=new_password, now=now)
    note_verified(user, now=now)
    record_event("user.password_reset", user, at=now, organization_id=None)
    return user

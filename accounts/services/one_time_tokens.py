"""Tokens that are mailed: made when the mail is written, good for one purpose and a time."""

from datetime import datetime, timedelta

from accounts import secrets
from accounts.models import OneTimeToken, User
from coditect.errors import Rejected

Purpose = OneTimeToken.Purpose
LIFETIMES = {
    Purpose.VERIFY_EMAIL: timedelta(days=3),
    Purpose.RESET_PASSWORD: timedelta(hours=1),
    Purpose.CHANGE_EMAIL: timedelta(days=1),
}


class OneTimeTokenInvalid(Rejected):
    """No token of ours for this purpose, used already, or too old; nothing tells them apart."""

    code = "one_time_token_invalid"
    message = "This token is not valid, or not any more. Ask for a new one."


def mint_token(*, user: User, purpose: Purpose, email: str, now: datetime) -> str:
    """A new token for a mail to `email`."""
    token = secrets.new_token()
    OneTimeToken.objects.create(
        user=user,
        purpose=purpose,
        token_hash=secrets.hash_token(token),
        email=email,
        created_at=now,
        expires_at=now + LIFETIMES[purpose],
    )
    return token


def lock_token(token: str, *, purpose: Purpose, now: datetime) -> OneTimeToken:
    """The unspent token, its user locked with it: of two who come at once, one waits. Raises OneTimeTokenInvalid."""
    found = find_token(token, purpose=purpose)
    if found.used_at is not None or found.expires_at <= now:
        raise OneTimeTokenInvalid
    return found


def find_token(token: str, *, purpose: Purpose) -> OneTimeToken:
    """The token, spent or not, its user locked with it. Raises OneTimeTokenInvalid."""
    found = (
        OneTimeToken.objects.filter(token_hash=secrets.hash_token(token), purpose=purpose, user__is_active=True)
        .select_related("user")
        .select_for_update(of=("self", "user"))
        .first()
    )
    if found is None:
        raise OneTimeTokenInvalid
    return found


def spend_tokens(*, user: User, purpose: Purpose, now: datetime) -> None:
    """Make the user's unspent tokens of one purpose worthless."""
    OneTimeToken.objects.filter(user=user, purpose=purpose, used_at=None).update(used_at=now)


def forget_tokens(*, now: datetime) -> None:
    """Delete what has run out a while ago."""
    OneTimeToken.objects.filter(expires_at__lt=now - timedelta(days=30)).delete()

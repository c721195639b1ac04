"""Logging in by a code that is mailed."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.crypto import constant_time_compare

from accounts import secrets
from accounts.models import LogInCode, User, normalize_email
from accounts.services.failed_log_ins import note_failed_log_in
from accounts.services.log_in import InvalidCredentials, TokenPair, begin_login_session
from accounts.services.totp import require_second_factor
from accounts.services.verify_email import note_verified
from coditect.journal.mails import queue_mail

LIFETIME = timedelta(minutes=10)
TRIES = 5


class CodeInvalid(InvalidCredentials):
    """Another code, one that was used, or one too old; the caller is not told which."""

    message = "The code is wrong, was used already, or has run out. Ask for a new one."


def request_code(*, email: str, now: datetime) -> None:
    """Have a code sent. The same work for every address: the worker finds out whether anybody has it."""
    queue_mail(template="log_in_code", to=email, now=now)


def mint_code(*, email: str, now: datetime) -> str:
    """A new code for an address; older ones are worthless from now on."""
    code = secrets.new_code()
    LogInCode.objects.create(
        address_hash=hash_address(email),
        code_hash=hash_code(email, code),
        created_at=now,
        expires_at=now + LIFETIME,
    )
    return code


def log_in_by_code(
    *, email: str, code: str, ip: str, user_agent: str, now: datetime, totp: str | None = None
) -> TokenPair:
    """Begin a login session.

    Raises CodeInvalid, after the same work whether or not the account exists, and after the right code TotpRequired,
    SecondFactorInvalid, LimitExceeded, which leave the code good.
    """
    email = normalize_email(email)
    code_id = _try_code(email=email, code=code, now=now)
    user = User.objects.filter(email=email).first()
    if code_id is None or user is None or not user.is_active:
        note_failed_log_in(email=email, user=user, reason="code" if code_id is None else "deactivated", now=now)
        raise CodeInvalid
    require_second_factor(user=user, code=totp, now=now)
    return _use_code(code_id, user=user, ip=ip, user_agent=user_agent, now=now)


@transaction.atomic
def _try_code(*, email: str, code: str, now: datetime) -> UUID | None:
    """Count a try, which must stay counted whatever comes of it; answers the code's id where it was right."""
    found = (
        LogInCode.objects.filter(address_hash=hash_address(email)).order_by("-created_at").select_for_update().first()
    )
    is_right = constant_time_compare(found.code_hash if found else "", hash_code(email, code))
    if found is None or found.used_at is not None or found.expires_at <= now or found.tries >= TRIES:
        return None
    found.tries += 1
    found.save(update_fields=["tries"])
    return found.pk if is_right else None


@transaction.atomic
def _use_code(code_id: UUID, *, user: User, ip: str, user_agent: str, now: datetime) -> TokenPair:
    """Spend the code, in one with what it buys."""
    if not LogInCode.objects.filter(pk=code_id, used_at=None).update(used_at=now):
        raise CodeInvalid
    note_verified(user, now=now)
    return begin_login_session(user=user, ip=ip, user_agent=user_agent, now=now)


def hash_address(email: str) -> str:
    """How a code's address is stored."""
    return secrets.keyed_hash("address", email)


def hash_code(email: str, code: str) -> str:
    """How a code is stored; the address in it keeps equal codes from looking equal."""
    return secrets.keyed_hash("code", email, code)


def forget_codes(*, now: datetime) -> None:
    """Delete what has run out."""
    LogInCode.objects.filter(expires_at__lt=now - timedelta(days=1)).delete()

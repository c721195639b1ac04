"""Logging in, and staying logged in."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.db import transaction

from accounts import tokens
from accounts.models import LoginSession, User, normalize_email
from accounts.services.devices import is_new_device
from accounts.services.failed_log_ins import note_failed_log_in
from accounts.services.totp import require_second_factor
from coditect.errors import Unauthenticated
from coditect.journal.mails import queue_mail
from coditect.journal.services import record_event


class InvalidCredentials(Unauthenticated):
    """The address, the password, or both are wrong; the caller is not told which."""

    code = "invalid_credentials"
    message = "The e-mail address or the password is wrong."


@dataclass(frozen=True, kw_only=True)
class TokenPair:
    """What a log-in hands out."""

    access: str
    refresh: str
    user: User


def log_in(*, email: str, password: str, ip: str, user_agent: str, now: datetime, totp: str | None = None) -> TokenPair:
    """Begin a login session.

    Raises InvalidCredentials, after the same work whether or not the account exists, and after the right password
    TotpRequired, SecondFactorInvalid, LimitExceeded.
    """
    email = normalize_email(email)
    user = User.objects.filter(email=email).first()
    if user is None:
        make_password(password)
    is_right = user is not None and user.check_password(password)
    if user is None or not is_right or not user.is_active:
        reason = "deactivated" if is_right else "password"
        note_failed_log_in(email=email, user=user, reason=reason, now=now)
        raise InvalidCredentials
    require_second_factor(user=user, code=totp, now=now)
    return begin_login_session(user=user, ip=ip, user_agent=user_agent, now=now)


@transaction.atomic
def begin_login_session(*, user: User, ip: str, user_agent: str, now: datetime) -> TokenPair:
    """Let a user in who has proved who they are, by whatever means.

    Raises InvalidCredentials where their password changed or they were shut out since: under the row lock, so that
    what ends all log-ins also ends one that is on its way.
    """
    current = User.objects.select_for_update(no_key=True).filter(pk=user.pk).first()
    if current is None or not current.is_active or current.password != user.password:
        raise InvalidCredentials
    is_new = is_new_device(user=user, ip=ip, user_agent=user_agent[:200], now=now)
    refresh = tokens.new_refresh_token(user_id=user.pk)
    login = LoginSession.objects.create(
        id=refresh.login_session_id,
        user=user,
        refresh_jti_hash=refresh.jti_hash,
        ip=ip,
        user_agent=user_agent[:200],
        created_at=now,
        last_used_at=now,
        expires_at=refresh.expires_at,
    )
    access = tokens.new_access_token(user_id=user.pk, login_session_id=login.pk)
    about = {"login_session_id": str(login.pk), "is_new_device": is_new}
    record_event("user.logged_in", user, at=now, organization_id=None, data=about)
    if is_new:
        queue_mail(template="new_device", to=current.email, now=now, login_session_id=login.pk)
    return TokenPair(access=access, refresh=refresh.text, user=user)


def refresh_access(*, refresh: str, now: datetime) -> str:
    """A new access token. The refresh token stays as it is: the published clients keep their first one.

    Raises TokenExpired, TokenInvalid, TokenRevoked.
    """
    claims = tokens.read_refresh_token(refresh)
    login = (
        LoginSession.objects.filter(pk=claims.login_session_id, refresh_jti_hash=tokens.hash_jti(claims.jti))
        .select_related("user")
        .first()
    )
    if login is None or not login.is_usable(at=now):
        raise tokens.TokenRevoked
    LoginSession.objects.filter(pk=login.pk).update(last_used_at=now)
    return tokens.new_access_token(user_id=login.user_id, login_session_id=login.pk)


def user_of(claims: tokens.Claims, *, now: datetime) -> User:
    """The user behind a verified access token. Raises TokenRevoked."""
    login = LoginSession.objects.filter(pk=claims.login_session_id).select_related("user").first()
    if login is None or login.user_id != claims.user_id or not login.is_usable(at=now):
        raise tokens.TokenRevoked
    return login.user

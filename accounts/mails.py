"""What the mails of accounts show, looked up when they are written; one-time secrets are made here.

Each of these mails names its reader by address alone. Whether anybody has that address is found out in the worker, so
that no request tells it by its answer or its time.
"""

from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse

from accounts.models import ApiToken, EmailChange, LoginSession, OneTimeToken, User
from accounts.services.leaked_tokens import LEAKED
from accounts.services.one_time_codes import LIFETIME as CODE_LIFETIME
from accounts.services.one_time_codes import mint_code
from accounts.services.one_time_tokens import LIFETIMES, mint_token, spend_tokens
from coditect.journal.mails import Composer, Context
from coditect.journal.models import Event, Mail

Purpose = OneTimeToken.Purpose
WINDOW = timedelta(hours=1)
# Of each kind and address: what strangers may have sent to a mailbox, and how many codes may be guessed at.
MAILS_PER_WINDOW = 10


def compose_verify_email(mail: Mail, now: datetime) -> Context | None:
    """A link for whoever has the address and has not proved it."""
    user = _reader(mail, now=now)
    if user is None or user.email_verified_at is not None:
        return None
    token = mint_token(user=user, purpose=Purpose.VERIFY_EMAIL, email=user.email, now=now)
    link = f"{_url('verify-email')}?{urlencode({'token': token})}"
    days = LIFETIMES[Purpose.VERIFY_EMAIL].days
    return {"name": user.full_name, "email": user.email, "link": link, "days": str(days)}


def compose_reset_password(mail: Mail, now: datetime) -> Context | None:
    """A token for whoever has the address; it makes older ones worthless."""
    user = _reader(mail, now=now)
    if user is None:
        return None
    spend_tokens(user=user, purpose=Purpose.RESET_PASSWORD, now=now)
    token = mint_token(user=user, purpose=Purpose.RESET_PASSWORD, email=user.email, now=now)
    return {"name": user.full_name, "email": user.email, "token": token, "url": _url("reset-password")}


def compose_log_in_code(mail: Mail, now: datetime) -> Context | None:
    """A code, made for strangers too but told to nobody: so trying one takes the same work for every address."""
    if now - mail.created_at > CODE_LIFETIME or _is_flooded(mail, now=now):
        return None
    code = mint_code(email=mail.to, now=now)
    user = _reader(mail, now=now)
    return {"name": user.full_name, "code": code} if user else None


def compose_password_changed(mail: Mail, _now: datetime) -> Context | None:
    """News for whoever has the address."""
    user = _find(mail.to)
    return {"name": user.full_name, "at": f"{mail.created_at:%Y-%m-%d %H:%M} UTC"} if user else None


def compose_new_device(mail: Mail, _now: datetime) -> Context | None:
    """From where somebody logged in."""
    login = LoginSession.objects.filter(pk=mail.ids["login_session_id"]).select_related("user").first()
    if login is None or login.user.email != mail.to:
        return None
    return {
        "name": login.user.full_name,
        "at": f"{login.created_at:%Y-%m-%d %H:%M} UTC",
        "ip": login.ip or "unknown",
        "user_agent": login.user_agent or "unknown",
    }


def compose_api_token_leaked(mail: Mail, _now: datetime) -> Context | None:
    """Which token it was, and where it lay."""
    # tenancy: the worker writes the mails of every organization
    token = ApiToken.objects.filter(pk=mail.ids["token_id"]).select_related("organization").first()
    user = _find(mail.to)
    if token is None or user is None:
        return None
    found = Event.objects.filter(subject_id=token.pk, type=LEAKED).first()  # tenancy: the same token's own
    return {
        "name": user.full_name,
        "token_name": token.name,
        "prefix": token.prefix,
        "organization": token.organization.name,
        "url": found.data["url"] if found else "",
        "at": f"{mail.created_at:%Y-%m-%d %H:%M} UTC",
    }


def compose_change_email_old(mail: Mail, now: datetime) -> Context | None:
    """A token for the address that is to be left."""
    change = _open_change(mail, now=now)
    return _change_context(change, email=change.old_email, now=now) if change else None


def compose_change_email_new(mail: Mail, now: datetime) -> Context | None:
    """A token for the address to come; where it is somebody's already, only that is told, and only there."""
    change = _open_change(mail, now=now)
    if change is None:
        return None
    if _is_taken(change.new_email):
        return {"is_taken": "yes", "new_email": change.new_email}
    return _change_context(change, email=change.new_email, now=now)


COMPOSERS: dict[str, Composer] = {
    "verify_email": compose_verify_email,
    "reset_password": compose_reset_password,
    "log_in_code": compose_log_in_code,
    "password_changed": compose_password_changed,
    "new_device": compose_new_device,
    "api_token_leaked": compose_api_token_leaked,
    "change_email_old": compose_change_email_old,
    "change_email_new": compose_change_email_new,
}


def _change_context(change: EmailChange, *, email: str, now: datetime) -> Context:
    token = mint_token(user=change.user, purpose=Purpose.CHANGE_EMAIL, email=email, now=now)
    return {
        "name": change.user.full_name,
        "old_email": change.old_email,
        "new_email": change.new_email,
        "token": token,
        "url": _url("confirm-change-email"),
    }


def _open_change(mail: Mail, *, now: datetime) -> EmailChange | None:
    change = EmailChange.objects.filter(pk=mail.ids["change_id"], user__is_active=True).select_related("user").first()
    return change if change and change.is_open(at=now) else None


def _reader(mail: Mail, *, now: datetime) -> User | None:
    """The user who has the address, held so that two workers do not make secrets for them at once."""
    return None if _is_flooded(mail, now=now) else _find(mail.to)


def _find(email: str) -> User | None:
    return User.objects.filter(email=email, is_active=True).select_for_update().first()


def _is_taken(email: str) -> bool:
    return User.objects.filter(email=email).exists()


def _is_flooded(mail: Mail, *, now: datetime) -> bool:
    same = Mail.objects.filter(to=mail.to, template=mail.template, created_at__gt=now - WINDOW)
    return same.exclude(pk=mail.pk).filter(status=Mail.Status.SENT).count() >= MAILS_PER_WINDOW


def _url(name: str) -> str:
    return f"{settings.PUBLIC_URL}{reverse(f'flat:{name}')}"

"""The second factor: six digits of an authenticator app (RFC 6238), or a recovery code instead."""

import base64
import hashlib
import math
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyotp
from django.db import transaction
from django.utils.crypto import constant_time_compare

from accounts.models import RecoveryCode, TotpDevice, User
from accounts.services.failed_log_ins import note_failed_log_in
from coditect.encryption import decrypt, encrypt
from coditect.errors import Conflict, DomainError, InvalidInput, LimitExceeded, Unauthenticated
from coditect.journal.services import record_event

ISSUER = "CODITECT"
STEP_SECONDS = 30
# A code of the step before or after is taken too: clocks differ, and people type slowly (RFC 6238, section 5.2).
NEIGHBOURS = (0, -1, 1)
# With six digits, that leaves a guesser who has the password one chance in a hundred a week.
TRIES = 5
TRIES_WITHIN = timedelta(minutes=15)
RECOVERY_CODES = 10
RECOVERY_BYTES = 10
WRONG_CODE = InvalidInput("code", "The code is wrong, or was used already.")


class TotpRequired(Unauthenticated):
    """The password was right; the code of the authenticator app is still missing."""

    code = "totp_required"
    message = "Send the code of your authenticator app, or a recovery code, in `totp`."


class SecondFactorInvalid(Unauthenticated):
    """Another code, or one that was used already."""

    code = "invalid_credentials"
    message = "The code is wrong, or was used already."


class TotpOn(Conflict):
    """There is a second factor; turn it off first."""

    code = "totp_on"
    message = "Two-factor authentication is already on."


class TotpOff(Conflict):
    """There is no second factor, or none that waits to be confirmed."""

    code = "totp_off"
    message = "Two-factor authentication has not been started."


@dataclass(frozen=True, kw_only=True)
class NewTotp:
    """What an authenticator app needs to know; shown this once. `uri` is for a QR code."""

    secret: str
    uri: str


@transaction.atomic
def begin_totp(*, user: User, now: datetime) -> NewTotp:
    """Make a secret that counts once a code of it was right; one that was never confirmed is forgotten.

    Raises TotpOn.
    """
    _lock(user)
    if TotpDevice.objects.filter(user=user, confirmed_at__isnull=False).exists():
        raise TotpOn
    secret = pyotp.random_base32()
    sealed = encrypt(secret, context=TotpDevice(user=user).context)
    TotpDevice.objects.update_or_create(user=user, defaults={"secret": sealed, "created_at": now})
    return NewTotp(secret=secret, uri=pyotp.TOTP(secret).provisioning_uri(name=user.email, issuer_name=ISSUER))


def confirm_totp(*, user: User, code: str, now: datetime) -> list[str]:
    """Turn the second factor on, and return the recovery codes: ten, each good once, shown this once.

    Raises TotpOff, LimitExceeded, InvalidInput.
    """
    outcome = _confirm(user, code, now=now)
    if isinstance(outcome, DomainError):
        raise outcome
    return outcome


def turn_off_totp(*, user: User, password: str, code: str, now: datetime) -> None:
    """Do without the second factor again. Raises TotpOff, LimitExceeded, InvalidInput."""
    if not user.check_password(password):
        raise InvalidInput("password", "The password is wrong.")
    refusal = _turn_off(user, code, now=now)
    if refusal is not None:
        raise refusal


@transaction.atomic
def remove_second_factor(*, user: User, now: datetime) -> None:
    """Let a user log in by password alone: theirs is the right code, or a member of our staff knows them."""
    _lock(user)
    RecoveryCode.objects.filter(user=user).delete()
    removed, _ = TotpDevice.objects.filter(user=user).delete()
    if removed:
        record_event("user.totp_disabled", user, at=now, organization_id=None)


def require_second_factor(*, user: User, code: str | None, now: datetime) -> None:
    """Check the second factor of a user who has one, after the first was right. Never inside a transaction: a wrong
    try must stay counted.

    Raises TotpRequired, SecondFactorInvalid, LimitExceeded.
    """
    if not TotpDevice.objects.filter(user=user, confirmed_at__isnull=False).exists():
        return
    if not code:
        raise TotpRequired
    refusal = _try(user, code, now=now)
    if refusal is not None:
        raise refusal


@transaction.atomic
def _try(user: User, code: str, *, now: datetime) -> DomainError | None:
    device = _device(user, is_confirmed=True)
    refusal = _check(device, code, wrong=SecondFactorInvalid(), now=now) if device else None
    if refusal is not None:
        note_failed_log_in(email=user.email, user=user, reason="second_factor", now=now)
    return refusal


@transaction.atomic
def _confirm(user: User, code: str, *, now: datetime) -> list[str] | DomainError:
    device = _device(user, is_confirmed=False)
    if device is None:
        return TotpOff()
    refusal = _check(device, code, wrong=WRONG_CODE, now=now)
    if refusal is not None:
        return refusal
    device.confirmed_at = now
    device.save(update_fields=["confirmed_at"])
    record_event("user.totp_enabled", user, at=now, organization_id=None)
    return _new_recovery_codes(user)


@transaction.atomic
def _turn_off(user: User, code: str, *, now: datetime) -> DomainError | None:
    device = _device(user, is_confirmed=True)
    if device is None:
        return TotpOff()
    refusal = _check(device, code, wrong=WRONG_CODE, now=now)
    if refusal is None:
        remove_second_factor(user=user, now=now)
    return refusal


def _check(device: TotpDevice, code: str, *, wrong: DomainError, now: datetime) -> DomainError | None:
    """Try a code under the device's lock, and count it where it is wrong: that is why refusals are values here."""
    if device.failing_since is None or now - device.failing_since >= TRIES_WITHIN:
        device.failures, device.failing_since = 0, None
    elif device.failures >= TRIES:
        return _limit_exceeded(device.failing_since, now=now)
    typed = code.replace(" ", "").replace("-", "").lower()
    step = _matching_step(device, typed, now=now)
    if step is not None:
        device.last_step, device.failures, device.failing_since = step, 0, None
    elif not _use_recovery_code(device, typed, now=now):
        device.failures, device.failing_since = device.failures + 1, device.failing_since or now
        device.save(update_fields=["failures", "failing_since"])
        return wrong
    device.save(update_fields=["last_step", "failures", "failing_since"])
    return None


def _matching_step(device: TotpDevice, typed: str, *, now: datetime) -> int | None:
    """The step that a code belongs to; none for a step whose code was taken, or one before it."""
    totp = pyotp.TOTP(decrypt(device.secret, context=device.context))
    present = int(now.timestamp()) // STEP_SECONDS
    steps = (present + offset for offset in NEIGHBOURS)
    return next((step for step in steps if step > device.last_step and _is(totp.generate_otp(step), typed)), None)


def _is(expected: str, typed: str) -> bool:
    return constant_time_compare(expected, typed)


def _use_recovery_code(device: TotpDevice, typed: str, *, now: datetime) -> bool:
    unused = RecoveryCode.objects.filter(user=device.user_id, code_hash=_hash(typed), used_at=None)
    is_used = bool(unused.update(used_at=now))
    if is_used:
        record_event("user.recovery_code_used", device.user, at=now, organization_id=None)
    return is_used


def _new_recovery_codes(user: User) -> list[str]:
    codes = [base64.b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode().lower() for _ in range(RECOVERY_CODES)]
    RecoveryCode.objects.bulk_create(RecoveryCode(user=user, code_hash=_hash(code)) for code in codes)
    return ["-".join(code[at : at + 4] for at in range(0, len(code), 4)) for code in codes]


def _hash(code: str) -> str:
    """What is stored of a recovery code: 80 random bits, so a plain hash is enough."""
    return hashlib.sha256(code.encode()).hexdigest()


def _device(user: User, *, is_confirmed: bool) -> TotpDevice | None:
    devices = TotpDevice.objects.filter(user=user, confirmed_at__isnull=not is_confirmed)
    return devices.select_for_update().first()


def _limit_exceeded(since: datetime, *, now: datetime) -> LimitExceeded:
    reset_at = since + TRIES_WITHIN
    retry_after = math.ceil((reset_at - now).total_seconds())
    return LimitExceeded(limit=TRIES, retry_after=retry_after, reset_at=math.ceil(reset_at.timestamp()))


def _lock(user: User) -> None:
    """One change of a user's second factor at a time."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)

"""The enumeration table: what is asked about an address or a token that is unknown answers as about a known one."""

import json
from collections.abc import Callable
from typing import Any

import pyotp
import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import OneTimeToken, User
from accounts.services.one_time_codes import mint_code
from accounts.services.one_time_tokens import Purpose, mint_token
from accounts.services.totp import begin_totp, confirm_totp
from tests.dialects import NAMES, Answer, Api
from tests.factories import PASSWORD, make_user
from tests.tables.cases import Table
from tests.tables.world import World

UNKNOWN = "nobody@example.com"
WRONG = "Wrong-Password-99!"
CHANGING = {"X-Request-ID", "X-RateLimit-Reset"}
Ask = Callable[[Api, str], Answer]


def told(answer: Answer) -> tuple[Any, ...]:
    """All that a caller is told, without what differs between any two answers."""
    body = json.loads(answer.content) if answer.content else {}
    body.pop("meta", None)
    headers = {name: value for name, value in answer.headers.items() if name not in CHANGING}
    return answer.status, json.dumps(body), list(answer.json or {}), headers


def deactivated() -> str:
    """The address of a user who was shut out."""
    return make_user(is_active=False).email


def verified() -> str:
    """The address of a user who proved it."""
    return make_user(email_verified_at=timezone.now()).email


def without_password() -> str:
    """The address of a user whom no password lets in."""
    user = make_user()
    user.set_unusable_password()
    user.save()
    return user.email


def with_second_factor() -> str:
    """The address of a user with an authenticator app."""
    user, now = make_user(), timezone.now()
    app = pyotp.TOTP(begin_totp(user=user, now=now).secret)
    confirm_totp(user=user, code=app.at(now), now=now)
    return user.email


def with_a_code() -> str:
    """The address of a user who was sent a code."""
    user = make_user()
    mint_code(email=user.email, now=timezone.now())
    return user.email


def with_a_reset() -> str:
    """The address of a user who was sent a token."""
    user = make_user()
    mint_token(user=user, purpose=Purpose.RESET_PASSWORD, email=user.email, now=timezone.now())
    return user.email


def plain() -> str:
    """The address of a user who has done nothing."""
    return make_user().email


def shouting() -> str:
    """The same in capitals."""
    return make_user().email.upper()


PEOPLE = [plain, shouting, verified, deactivated, without_password, with_second_factor, with_a_code, with_a_reset]
QUESTIONS: dict[str, Ask] = {
    "log-in": lambda api, email: api.post("log-in", {"email": email, "password": WRONG}),
    "log-in with a code": lambda api, email: api.post("log-in", {"email": email, "password": WRONG, "totp": "000000"}),
    "forgot-password": lambda api, email: api.post("forgot-password", {"email": email}),
    "resend-verification": lambda api, email: api.post("resend-verification", {"email": email}),
    "request-code": lambda api, email: api.post("request-code", {"email": email}),
    "verify-code": lambda api, email: api.post("verify-code", {"email": email, "code": "00000x"}),
}


@pytest.mark.parametrize("dialect", NAMES)
@pytest.mark.parametrize("question", QUESTIONS)
def test_addresses(world: World, dialect: str, question: str) -> None:
    table, ask, api = Table("enumeration"), QUESTIONS[question], Api(dialect)
    for person in PEOPLE:
        with table.case(f"{question} {dialect}: {person.__name__}"):
            known, unknown = ask(api, person()), ask(api, UNKNOWN)
            assert told(known) == told(unknown), f"{known.content!r} {unknown.content!r}"
    table.done()


@pytest.mark.parametrize("dialect", NAMES)
def test_who_is_shut_out_with_the_right_password(world: World, dialect: str) -> None:
    table, api = Table("enumeration"), Api(dialect)
    with table.case(f"log-in {dialect}: deactivated, right password"):
        known = api.post("log-in", {"email": deactivated(), "password": PASSWORD})
        assert told(known) == told(api.post("log-in", {"email": UNKNOWN, "password": PASSWORD}))
    table.done()


@pytest.mark.parametrize("dialect", NAMES)
def test_the_exception(world: World, settings: Settings, dialect: str) -> None:
    """Signing up says that an address is taken, and of whom it is says nothing."""
    settings.RATE_LIMIT_FACTOR = 0
    table, api, answers = Table("enumeration"), Api(dialect), []
    for person in PEOPLE:
        with table.case(f"register {dialect}: {person.__name__}"):
            body = {"email": person(), "password": PASSWORD, "full_name": "Ada", "company_name": "Acme"}
            answer = api.post("register", body)
            assert (answer.status, answer.code) == (409, "email_taken")
            answers.append(told(answer))
            assert answers[0] == answers[-1]
    table.done()


def new_token(world: World, purpose: Purpose) -> str:
    """A good one of the owner."""
    user = world.owner.membership.user
    return mint_token(user=user, purpose=purpose, email=user.email, now=timezone.now())


def of_another_purpose(world: World, purpose: Purpose) -> str:
    """One that is for something else."""
    return new_token(world, next(each for each in Purpose if each != purpose))


def of_somebody_shut_out(world: World, purpose: Purpose) -> str:
    """One of a deactivated user."""
    token = new_token(world, purpose)
    User.objects.filter(pk=world.owner.user_id).update(is_active=False)
    return token


def of_another_address(world: World, purpose: Purpose) -> str:
    """One for an address that is not theirs any more."""
    token = new_token(world, purpose)
    OneTimeToken.objects.update(email="old@example.com")
    return token


def too_old(world: World, purpose: Purpose) -> str:
    """One that has run out."""
    token = new_token(world, purpose)
    OneTimeToken.objects.update(expires_at=timezone.now())
    return token


BAD_TOKENS = [of_another_purpose, of_somebody_shut_out, of_another_address, too_old]
SPENDING: dict[str, tuple[Purpose, Ask]] = {
    "reset-password": (
        Purpose.RESET_PASSWORD,
        lambda api, token: api.post("reset-password", {"token": token, "new_password": "NewPass123!x"}),
    ),
    "verify-email": (Purpose.VERIFY_EMAIL, lambda api, token: api.post("verify-email", {"token": token})),
    "verify-email by link": (Purpose.VERIFY_EMAIL, lambda api, token: api.get("verify-email", {"token": token})),
    "confirm-change-email": (
        Purpose.CHANGE_EMAIL,
        lambda api, token: api.post("confirm-change-email", {"token": token}),
    ),
}


@pytest.mark.parametrize("dialect", NAMES)
@pytest.mark.parametrize("name", SPENDING)
def test_tokens(world: World, dialect: str, name: str) -> None:
    table, api = Table("enumeration"), Api(dialect)
    purpose, spend = SPENDING[name]
    for make in BAD_TOKENS:
        with table.case(f"{name} {dialect}: {make.__name__}"):
            known, unknown = spend(api, make(world, purpose)), spend(api, "x" * 43)
            assert told(known) == told(unknown), f"{known.content!r} {unknown.content!r}"
            assert (known.status, known.code) == (400, "one_time_token_invalid")
    table.done()

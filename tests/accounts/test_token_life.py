"""When tokens die: every way in which a log-in ends, by every token there is, at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Barrier
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Membership, Role, User
from accounts.services.deactivate import deactivate_user
from accounts.services.members import change_role, leave_organization, remove_member
from accounts.services.one_time_tokens import Purpose, mint_token
from tests.accounts.forgery import claims_in
from tests.dialects import Answer, Api
from tests.factories import PASSWORD, Person, make_api_token, make_license, make_membership, make_person
from tests.licenses.seats import acquire, beat

NEW_PASSWORD = "AnotherPass456!"
HERE = {"access", "refresh"}
OTHER = {"other access", "other refresh"}
EVERY_LOG_IN = HERE | OTHER
EVERYTHING = EVERY_LOG_IN | {"API token"}


@dataclass
class Devices:
    """A user who is logged in twice and has an API token."""

    person: Person
    colleague: Person
    here: dict[str, Any]
    other: dict[str, Any]
    api_token: str

    @classmethod
    def of(cls, api: Api) -> "Devices":
        """Two log-ins and a token of an admin in an organization with an owner."""
        colleague = make_person(Role.OWNER)
        membership = make_membership(Role.ADMIN, organization=colleague.organization)
        here, other = (log_in(api, membership.user) for _ in range(2))
        person = Person(membership, here["access"])
        return cls(person, colleague, here, other, make_api_token(person))

    @property
    def user(self) -> User:
        """The user as they are now."""
        return User.objects.get(pk=self.person.user_id)

    @property
    def membership(self) -> Membership:
        """The user's place as it is now."""
        return Membership.objects.get(pk=self.person.membership.pk)

    def uses(self, api: Api) -> dict[str, Answer]:
        """What each token answers."""
        return {
            "access": api.as_bearer(self.here["access"]).get("me"),
            "refresh": api.post("refresh", {"refresh": self.here["refresh"]}),
            "other access": api.as_bearer(self.other["access"]).get("me"),
            "other refresh": api.post("refresh", {"refresh": self.other["refresh"]}),
            "API token": api.as_bearer(self.api_token).get("me"),
        }


Ending = Callable[[Api, Devices], object]


def log_in(api: Api, user: User) -> dict[str, Any]:
    """Both tokens of a new log-in."""
    tokens: dict[str, Any] = api.post("log-in", {"email": user.email, "password": PASSWORD}).data
    return tokens


def log_out(api: Api, devices: Devices) -> Answer:
    """On this device."""
    return api.as_bearer(devices.here["access"]).post("log-out")


def end_the_other(api: Api, devices: Devices) -> Answer:
    """A lost device, from this one."""
    session_id = claims_in(devices.other["access"])["sid"]
    return api.as_bearer(devices.here["access"]).delete("login-session", login_session_id=session_id)


def end_all_others(api: Api, devices: Devices) -> Answer:
    """Every other device."""
    return api.as_bearer(devices.here["access"]).delete("login-sessions")


def change_password(api: Api, devices: Devices) -> Answer:
    """On this device, which stays logged in."""
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    return api.as_bearer(devices.here["access"]).post("change-password", body)


def reset_password(api: Api, devices: Devices) -> Answer:
    """By a mailed token."""
    user = devices.user
    token = mint_token(user=user, purpose=Purpose.RESET_PASSWORD, email=user.email, now=timezone.now())
    return api.post("reset-password", {"token": token, "new_password": NEW_PASSWORD})


def deactivate(api: Api, devices: Devices) -> None:
    """By the staff of the service."""
    deactivate_user(user=devices.user, now=timezone.now())


def delete_account(api: Api, devices: Devices) -> Answer:
    """By the user."""
    caller = api.as_bearer(devices.here["access"])
    return caller.send("DELETE", api.url("me"), body={"password": PASSWORD})


def remove(api: Api, devices: Devices) -> None:
    """By the organization's owner."""
    remove_member(by=devices.colleague.membership, member_id=devices.membership.pk, now=timezone.now())


def leave(api: Api, devices: Devices) -> None:
    """By the user, who may be in other organizations: only what was made for this one ends."""
    leave_organization(membership=devices.membership, now=timezone.now())


def demote(api: Api, devices: Devices) -> None:
    """To a viewer: tokens live on, with what a viewer may do."""
    owner = devices.colleague.membership
    change_role(by=owner, member_id=devices.membership.pk, role=Role.VIEWER, now=timezone.now())


def revoke_token(api: Api, devices: Devices) -> Answer:
    """The API token alone."""
    caller = api.as_bearer(devices.here["access"])
    token_id = caller.get("tokens").rows("tokens")[0]["id"]
    return caller.delete("token", token_id=token_id)


ENDINGS: list[tuple[Ending, set[str]]] = [
    (log_out, HERE),
    (end_the_other, OTHER),
    (end_all_others, OTHER),
    (change_password, OTHER),
    (reset_password, EVERY_LOG_IN),
    (deactivate, EVERYTHING),
    (delete_account, EVERYTHING),
    (remove, EVERYTHING),
    (leave, {"API token"}),
    (demote, set()),
    (revoke_token, {"API token"}),
]


@pytest.fixture(autouse=True)
def _unlimited(settings: Settings) -> None:
    """What is counted here is not how often."""
    settings.RATE_LIMIT_FACTOR = 0


class TestTokens:
    @pytest.mark.parametrize(("end", "dead"), ENDINGS, ids=lambda value: getattr(value, "__name__", ""))
    def test_die_at_once_and_no_others(self, api: Api, outsider: Person, end: Ending, dead: set[str]) -> None:
        devices = Devices.of(api)
        assert {answer.status for answer in devices.uses(api).values()} == {200}
        done = end(api, devices)
        assert done is None or getattr(done, "status", 0) in {200, 204}
        answers = devices.uses(api)
        assert {name for name, answer in answers.items() if answer.status != 200} == dead
        assert {(answers[name].status, answers[name].code) for name in dead} <= {(401, "token_revoked")}
        for other in (devices.colleague, outsider):
            assert api.as_bearer(other.token).get("me").status == 200

    @pytest.mark.parametrize("end", [deactivate, delete_account, remove], ids=lambda end: end.__name__)
    def test_keep_no_seat_of_those_who_are_out(self, api: Api, end: Ending) -> None:
        devices = Devices.of(api)
        license = make_license(devices.person.organization, seats=2)
        script = Person(devices.person.membership, devices.api_token)
        seats = [
            acquire(api, who, license, f"m{n}").data["session_id"] for n, who in enumerate((devices.person, script))
        ]
        end(api, devices)
        for session_id in seats:
            answer = beat(api, devices.person, session_id)
            assert (answer.status, answer.code) == (404, "seat_revoked")
            assert beat(api, script, session_id).status == 401

    @pytest.mark.parametrize(
        "end", [log_out, change_password, reset_password], ids=lambda end: getattr(end, "__name__", "")
    )
    def test_keep_seats_of_those_who_only_logged_out(self, api: Api, end: Ending) -> None:
        devices = Devices.of(api)
        license = make_license(devices.person.organization, seats=2)
        seat = acquire(api, devices.person, license).data["session_id"]
        end(api, devices)
        assert beat(api, devices.person, seat).status == 200


class TestTwentyUsesAtOnce:
    """While a log-in ends: every use that begins after the end is refused, none is a 500."""

    @pytest.mark.parametrize("use", ["access", "refresh", "API token"])
    def test_are_all_refused_after_the_end(self, transactional_db: None, use: str) -> None:
        api = Api("flat")
        devices = Devices.of(api)
        sends: dict[str, Callable[[], Answer]] = {
            "access": lambda: api.as_bearer(devices.here["access"]).get("me"),
            "refresh": lambda: api.post("refresh", {"refresh": devices.here["refresh"]}),
            "API token": lambda: api.as_bearer(devices.api_token).get("me"),
        }
        ending = revoke_token if use == "API token" else log_out
        during = at_once(19, sends[use], lambda: ending(api, devices))
        assert set(during) <= {200, 401}
        assert at_once(20, sends[use]) == [401] * 20

    def test_all_pass_before(self, transactional_db: None) -> None:
        api = Api("flat")
        devices = Devices.of(api)
        refresh = {"refresh": devices.here["refresh"]}
        assert at_once(20, lambda: api.post("refresh", refresh)) == [200] * 20
        assert at_once(20, lambda: api.as_bearer(devices.api_token).get("me")) == [200] * 20


def at_once(count: int, send: Callable[[], Answer], also: Callable[[], object] | None = None) -> list[int]:
    """The statuses of `count` calls that begin together, and together with another one."""
    barrier = Barrier(count + bool(also))

    def run(call: Callable[[], Any]) -> Any:
        try:
            barrier.wait()
            return call()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count + bool(also)) as pool:
        other = pool.submit(run, also) if also else None
        answers = list(pool.map(run, [send] * count))
    if other:
        other.result()
    return [answer.status for answer in answers]

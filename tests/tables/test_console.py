"""The console table: every page of every model by those who may not, without a CSRF token, and what nobody reads."""

from collections.abc import Iterator
from typing import Any

import pyotp
import pytest
from django.contrib import admin
from django.db.models import Model
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from accounts.services.one_time_tokens import Purpose, mint_token
from accounts.services.totp import begin_totp, confirm_totp
from coditect.journal.models import Event
from tests.console.conftest import signed_in
from tests.factories import PASSWORD, make_api_token, make_user
from tests.tables.cases import Table
from tests.tables.deliveries import delivery_of
from tests.tables.world import World

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
OF_ROWS = ("change", "delete", "history")
# Columns that nobody reads, whatever they may.
SECRET = {
    "password",
    "secret",
    "previous_secret",
    "response_start",
    "private_key",
    "token_hash",
    "code_hash",
    "refresh_jti_hash",
    "address_hash",
    "session_key",
}
LOGIN = {"username": "root@example.com", "password": PASSWORD}


def name_of(model: type[Model]) -> str:
    """What a test calls it."""
    return model._meta.label_lower


def fill(world: World) -> None:
    """At least one row of everything that has secrets."""
    user, now = world.owner.membership.user, timezone.now()
    make_api_token(world.owner)
    world.seat_of(world.owner)
    world.invitation_by(world.owner, email="guest@example.com")
    mint_token(user=user, purpose=Purpose.RESET_PASSWORD, email=user.email, now=now)
    app = pyotp.TOTP(begin_totp(user=user, now=now).secret)
    confirm_totp(user=user, code=app.at(now), now=now)
    delivery_of(world.owner)


def pages(model: type[Model]) -> Iterator[tuple[str, str]]:
    """The pages of a model, with a row where there is one."""
    prefix = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    row = model._default_manager.values_list("pk", flat=True).first()
    for page in ("changelist", "add", *(OF_ROWS if row is not None else ())):
        yield page, reverse(f"{prefix}_{page}", args=[row] if page in OF_ROWS else [])


def root(**options: Any) -> Client:
    """A superuser's browser."""
    user = User.objects.filter(email="root@example.com").first()
    browser = Client(raise_request_exception=False, **options)
    browser.force_login(user or make_user("root@example.com", is_staff=True, is_superuser=True))
    return browser


@pytest.mark.parametrize("model", MODELS, ids=name_of)
def test_without_permission(world: World, model: type[Model]) -> None:
    fill(world)
    table, clerk = Table("console"), signed_in(make_user("clerk@example.com", is_staff=True))
    customer = signed_in(world.owner.membership.user)
    for page, url in pages(model):
        for method in ("get", "post"):
            with table.case(f"{name_of(model)} {page} {method} by anonymous"):
                assert_sent_to_log_in(getattr(Client(), method)(url))
            with table.case(f"{name_of(model)} {page} {method} by a customer"):
                assert_sent_to_log_in(getattr(customer, method)(url))
            with table.case(f"{name_of(model)} {page} {method} by staff without permission"):
                assert getattr(clerk, method)(url).status_code == 403
    table.done()


def assert_sent_to_log_in(response: HttpResponse) -> None:
    """And nowhere else."""
    assert response.status_code == 302, response.status_code
    assert response.headers["Location"].startswith("/admin/login/?next=/admin/")


@pytest.mark.parametrize("model", MODELS, ids=name_of)
def test_without_csrf_token(world: World, model: type[Model]) -> None:
    fill(world)
    table, strict = Table("console"), root(enforce_csrf_checks=True)
    for page, url in pages(model):
        with table.case(f"{name_of(model)} {page} without a CSRF token"):
            assert strict.post(url, {"action": "delete_selected"}).status_code == 403
        with table.case(f"{name_of(model)} {page} with a forged CSRF token"):
            strict.cookies["csrftoken"] = "a" * 32
            form = {"csrfmiddlewaretoken": "b" * 32}
            assert strict.post(url, form, headers={"origin": "https://evil.example"}).status_code == 403
    table.done()


@pytest.mark.parametrize("model", MODELS, ids=name_of)
def test_secrets(world: World, model: type[Model]) -> None:
    """A superuser reads no stored secret, nor its hash; and what they may read stays in no cache."""
    fill(world)
    table, browser = Table("console"), root()
    names = [field.name for field in model._meta.concrete_fields if field.name in SECRET]
    planted = (
        {str(value) for row in model._default_manager.values_list(*names) for value in row if value} if names else set()
    )
    for page, url in pages(model):
        with table.case(f"secrets on {name_of(model)} {page}"):
            response = browser.get(url)
            text = response.content.decode()
            assert [value for value in planted if value in text] == []
            assert response.status_code == 403 or "no-store" in response.headers["Cache-Control"]
            assert response.headers["X-Frame-Options"] == "DENY"
            assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
    table.done()


def test_log_in(world: World, settings: Settings) -> None:
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    table = Table("console")
    make_user("root@example.com", is_staff=True, is_superuser=True)
    make_user("customer@example.com")
    with table.case("flags of cookies"):
        browser = Client()
        browser.get("/admin/login/", secure=True)
        before = browser.cookies["csrftoken"].value
        assert browser.post("/admin/login/", LOGIN, secure=True).status_code == 302
        session, csrf = browser.cookies["sessionid"], browser.cookies["csrftoken"]
        assert session["secure"]
        assert csrf["secure"]
        assert session["httponly"]
        assert session["samesite"] == csrf["samesite"] == "Lax"
        assert csrf.value != before
    with table.case("a session from before log-in is not kept"):
        browser = Client()
        browser.cookies["sessionid"] = "a" * 32
        browser.post("/admin/login/", LOGIN)
        assert browser.cookies["sessionid"].value != "a" * 32
    for name, form in {
        "a wrong password": LOGIN | {"password": "wrong"},
        "nobody": LOGIN | {"username": "nobody@example.com"},
        "a customer": LOGIN | {"username": "customer@example.com"},
    }.items():
        with table.case(f"log-in of {name}"):
            response = Client().post("/admin/login/", form)
            assert response.status_code == 200
            assert "sessionid" not in response.cookies
    for target in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"):
        with table.case(f"log-in on the way to {target}"):
            response = Client().post("/admin/login/", LOGIN | {"next": target})
            assert "evil" not in response.headers.get("Location", "")
            assert "javascript" not in response.headers.get("Location", "")
    with table.case("log-out by a link"):
        browser = root()
        assert browser.get("/admin/logout/").status_code == 405
        assert browser.get("/admin/").status_code == 200
    table.done()


def test_journal(world: World) -> None:
    """What an administrator does is written down as theirs."""
    fill(world)
    table, browser = Table("console"), root()
    actor = User.objects.get(email="root@example.com").pk
    actions = {
        ("accounts_apitoken", "revoke"): "api_token.revoked",
        ("accounts_totpdevice", "remove"): "user.totp_removed",
        ("accounts_organization", "delete_organizations"): "organization.deleted",
        ("licenses_seatsession", "force_release"): "license.seat.released",
        ("webhooks_delivery", "redeliver"): "webhook.redelivered",
        ("webhooks_endpoint", "disable"): "webhook.disabled",
    }
    for (model, action), event in actions.items():
        with table.case(f"{action} of {model}"):
            kind = next(each for each in MODELS if f"{each._meta.app_label}_{each._meta.model_name}" == model)
            rows = [str(pk) for pk in kind._default_manager.values_list("pk", flat=True)]
            before = set(Event.objects.values_list("pk", flat=True))
            browser.post(reverse(f"admin:{model}_changelist"), {"action": action, "_selected_action": rows})
            new = Event.objects.exclude(pk__in=before)
            assert new.exists(), "nothing is written down"
            assert {each.actor_id for each in new} == {actor}
            assert {each.ip for each in new} == {"127.0.0.1"}, event
    table.done()

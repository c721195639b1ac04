"""The environment: a bad or missing variable stops the start with a sentence that names it."""

import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from coditect.environment import BASE_DIR

SECRET = "hunter2"
KEY = "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="
OTHER_KEY = "bm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm4="
# Public keys of two curves, as PEM files have them between their first and last line.
P256 = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE4nCaPDiWUHRHMwOgChRMDKiJsV1wBY4belbHiAP+wlOrUV5bt3xPRuyxjvLMJ6nmomhJK1U0"
    "VjoW0FkAdCa57Q=="
)
# Private keys of two kinds, in the same way: the first is that of RFC 8410, section 10.3.
ED25519 = "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC"
P256_PRIVATE = (
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgiavn6X0Frvyvg8okfw5uwXyv2qUKp4eC09IqWLvIB7uhRANCAAQMHS1X9blX"
    "bG+7dXf73fZWj97eE/JOBh3gCxWeNuQpfUI2xIYwOwGS1pA73JwDCZlm3QkUuK4W7gJfTJG2zAAh"
)
P384 = (
    "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEOEjCWMv3oWTbv+w9+pzqjqhJdlEXmPSsxfOayyPs4bo1KNGb5ALervdaKW2xOzS7IqKLUg+xgKqf"
    "qrcGwCrGNDLPCnQuCqpCSy2ASZoIdtY7m9FwKtcXCxV2cwJBLQDz"
)
PRODUCTION = {
    "CODITECT_ENV": "production",
    "SECRET_KEY": f"{SECRET}-{'k' * 50}",
    "ENCRYPTION_KEYS": "k1:a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=",
    "ALLOWED_HOSTS": "api.example.com",
    "PUBLIC_URL": "https://api.example.com",
    "EMAIL_URL": f"submission://user:{SECRET}@mail.example.com",
    "DEFAULT_FROM_EMAIL": "CODITECT <no-reply@example.com>",
    "DATABASE_URL": f"postgresql://user:{SECRET}@127.0.0.1:5432/coditect",
    "REDIS_URL": f"redis://:{SECRET}@127.0.0.1:6379/0",
}
DEVELOPMENT = PRODUCTION | {"CODITECT_ENV": "development", "SECRET_KEY": "short", "ALLOWED_HOSTS": "", "PUBLIC_URL": ""}
# What a settings module or a command needs of the machine.
SYSTEM = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "VIRTUAL_ENV") if name in os.environ}


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing but what a test sets; a plain dict, so that a run.env that is read does not leak out."""
    monkeypatch.setattr(os, "environ", SYSTEM | {"CODITECT_DATA_DIR": str(tmp_path)})


def load(variables: dict[str, str], **changes: str | None) -> dict[str, Any]:
    """The settings as a new process would see them; None unsets a variable."""
    values = variables | changes
    os.environ |= {name: value for name, value in values.items() if value is not None}
    return runpy.run_path(str(BASE_DIR / "coditect" / "settings.py"))


BAD: list[tuple[str, str | None]] = [
    ("CODITECT_ENV", "prod"),
    ("CODITECT_ENV", "Production"),
    ("SECRET_KEY", None),
    ("SECRET_KEY", ""),
    ("SECRET_KEY", f"{SECRET}-too-short"),
    ("ENCRYPTION_KEYS", None),
    ("ENCRYPTION_KEYS", ""),
    ("ENCRYPTION_KEYS", f"{SECRET}"),
    ("ENCRYPTION_KEYS", f"k1:{SECRET}"),
    ("ENCRYPTION_KEYS", KEY),
    ("ENCRYPTION_KEYS", f":{KEY}"),
    ("ENCRYPTION_KEYS", f"k1:{KEY},k1:{KEY}"),
    ("ENCRYPTION_KEYS", f"k1:{KEY},k2:aGVsbG8="),
    ("ALLOWED_HOSTS", None),
    ("ALLOWED_HOSTS", ""),
    ("ALLOWED_HOSTS", " , "),
    ("DATABASE_URL", None),
    ("DATABASE_URL", ""),
    ("DATABASE_URL", f"mysql://user:{SECRET}@127.0.0.1/coditect"),
    ("DATABASE_URL", "sqlite:///db.sqlite3"),
    ("DATABASE_URL", f"user:{SECRET}@127.0.0.1:5432/coditect"),
    ("DATABASE_URL", f"postgresql://user:{SECRET}@127.0.0.1:port/coditect"),
    ("DATABASE_URL", f"postgresql://user:{SECRET}@[::1/coditect"),
    ("REDIS_URL", None),
    ("REDIS_URL", ""),
    ("REDIS_URL", "127.0.0.1:6379"),
    ("REDIS_URL", "http://127.0.0.1:6379"),
    ("CELERY_BROKER_URL", f"amqp://user:{SECRET}@127.0.0.1"),
    ("PORT", "0"),
    ("PORT", "-1"),
    ("PORT", "http"),
    ("PORT", "8000.5"),
    ("SEAT_TTL_SECONDS", "1"),
    ("SEAT_TTL_SECONDS", "6 minutes"),
    ("RATE_LIMIT_FACTOR", "0"),
    ("RATE_LIMIT_FACTOR", "-1"),
    ("RATE_LIMIT_FACTOR", "0.5"),
    ("TRUSTED_PROXIES", "-1"),
    ("TRUSTED_PROXIES", "all"),
    ("DATABASE_URL", "postgresql://127.0.0.1:5432"),
    ("REDIS_URL", f"redis://:{SECRET}@127.0.0.1:port/0"),
    ("PORT", "70000"),
    ("PUBLIC_URL", "api.example.com"),
    ("CORS_ALLOWED_ORIGINS", "app.example.com"),
    ("CORS_ALLOWED_ORIGINS", "https://app.example.com/"),
    ("EMAIL_URL", None),
    ("EMAIL_URL", f"smtp+tls://user:{SECRET}@mail.example.com"),
    ("EMAIL_URL", f"smtp://user:{SECRET}@mail.example.com:port"),
    ("EMAIL_URL", f"smtp://user:{SECRET}@[::1"),
    ("EMAIL_URL", "mail.example.com"),
    ("EMAIL_URL", "submission://"),
    ("EMAIL_URL", "file:///var/mail"),
    ("EMAIL_URL", "console://"),
    ("AUDIT_RETENTION_DAYS", "29"),
    ("AUDIT_RETENTION_DAYS", "forever"),
    ("LEAKED_TOKENS_PUBLIC_KEYS", P256),
    ("LEAKED_TOKENS_PUBLIC_KEYS", f":{P256}"),
    ("LEAKED_TOKENS_PUBLIC_KEYS", f"k1:{P256},k1:{P256}"),
    ("LEAKED_TOKENS_PUBLIC_KEYS", f"k1:{P384}"),
    ("LEAKED_TOKENS_PUBLIC_KEYS", f"k1:{KEY}"),
    ("LICENSE_SIGNING_KEY", SECRET),
    ("LICENSE_SIGNING_KEY", KEY),
    ("LICENSE_SIGNING_KEY", P256),
    ("LICENSE_SIGNING_KEY", P256_PRIVATE),
    ("LICENSE_SIGNING_KEY", f"-----BEGIN PRIVATE KEY-----\n{ED25519}\n-----END PRIVATE KEY-----"),
    ("LICENSE_SIGNING_KEY", ED25519[:-4]),
    ("OFFLINE_GRACE_DAYS", "0"),
    ("OFFLINE_GRACE_DAYS", "367"),
    ("OFFLINE_GRACE_DAYS", "-1"),
    ("OFFLINE_GRACE_DAYS", "7.5"),
    ("OFFLINE_GRACE_DAYS", "week"),
    ("OFFLINE_GRACE_DAYS", "pro:"),
    ("OFFLINE_GRACE_DAYS", "pro:7,pro:8"),
    ("OFFLINE_GRACE_DAYS", "7,8"),
    ("STRIPE_SECRET_KEY", f"sk_test_{SECRET}"),
    ("STRIPE_SECRET_KEY", f"rk_test_{SECRET}"),
    ("STRIPE_SECRET_KEY", f"pk_live_{SECRET}"),
    ("STRIPE_SECRET_KEY", SECRET),
    ("STRIPE_API_BASE", "api.stripe.com"),
    ("WEBHOOK_ALLOW_PRIVATE", "1"),
    ("WEBHOOK_ALLOW_PRIVATE", "perhaps"),
    ("WEBHOOK_NAME_SERVERS", "ns.example.com"),
    ("WEBHOOK_NAME_SERVERS", "192.0.2.53:port"),
    ("WEBHOOK_NAME_SERVERS", "192.0.2.53:0"),
    ("WEBHOOK_NAME_SERVERS", "192.0.2.53,ns.example.com:53"),
    ("WEBHOOK_NAME_SERVERS", f"user:{SECRET}@192.0.2.53:53"),
    ("WEBHOOK_NAME_SERVERS", "https://192.0.2.53:443"),
    ("CHECKOUT_REDIRECT_ORIGINS", "app.example.com"),
    ("CHECKOUT_REDIRECT_ORIGINS", "https://app.example.com/success"),
    ("DEFAULT_FROM_EMAIL", None),
    ("DEFAULT_FROM_EMAIL", "CODITECT"),
    ("DEFAULT_FROM_EMAIL", "CODITECT <no-reply>"),
]


class TestBadVariable:
    @pytest.mark.parametrize(("name", "value"), BAD)
    def test_is_named_in_one_sentence(self, name: str, value: str | None) -> None:
        with pytest.raises(ImproperlyConfigured) as caught:
            load(PRODUCTION, **{name: value})
        sentence = str(caught.value)
        assert sentence.startswith(name)
        assert sentence.endswith(".")
        assert "\n" not in sentence
        assert SECRET not in sentence

    @pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL"])
    def test_says_in_development_how_to_do_without(self, name: str) -> None:
        with pytest.raises(ImproperlyConfigured, match=f"{name} is not set: start the embedded one with `make run`"):
            load(DEVELOPMENT, **{name: None})

    def test_is_refused_in_development_too(self) -> None:
        with pytest.raises(ImproperlyConfigured, match=r"^CODITECT_DEBUG"):
            load(DEVELOPMENT, CODITECT_DEBUG="perhaps")

    def test_ends_a_command_without_a_traceback(self) -> None:
        environment = SYSTEM | PRODUCTION | {"RATE_LIMIT_FACTOR": "0"}
        command = [sys.executable, str(BASE_DIR / "manage.py"), "check"]
        ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert ended.returncode == 1
        assert ended.stderr.splitlines() == [
            "coditect cannot start: RATE_LIMIT_FACTOR is 0: production must not run without rate limits."
        ]


class TestGoodEnvironment:
    @pytest.mark.parametrize("name", ["sandbox", "staging", "production"])
    def test_is_strict_outside_development(self, name: str) -> None:
        settings = load(PRODUCTION, CODITECT_ENV=name)
        assert settings["REQUIRE_HTTPS"]
        assert settings["SESSION_COOKIE_SECURE"]
        assert settings["CSRF_COOKIE_SECURE"]
        assert settings["SESSION_COOKIE_NAME"].startswith("__Host-")
        assert settings["CSRF_COOKIE_NAME"].startswith("__Host-")
        assert settings["SECURE_HSTS_SECONDS"] > 0
        assert settings["CORS_ALLOWED_ORIGIN_REGEXES"] == []
        assert not settings["DEBUG"]

    def test_takes_encryption_keys_in_their_order(self) -> None:
        keys = load(PRODUCTION, ENCRYPTION_KEYS=f"k2:{OTHER_KEY}, k1:{KEY}")["ENCRYPTION_KEYS"]
        assert list(keys.items()) == [("k2", b"n" * 32), ("k1", b"k" * 32)]

    def test_takes_public_keys_by_their_ids(self) -> None:
        keys = load(PRODUCTION, LEAKED_TOKENS_PUBLIC_KEYS=f"k1:{P256}")["LEAKED_TOKENS_PUBLIC_KEYS"]
        assert list(keys) == ["k1"]
        assert load(PRODUCTION, LEAKED_TOKENS_PUBLIC_KEYS="")["LEAKED_TOKENS_PUBLIC_KEYS"] == {}

    def test_takes_a_signing_key_or_none(self) -> None:
        key = load(PRODUCTION, LICENSE_SIGNING_KEY=ED25519)["LICENSE_SIGNING_KEY"]
        public_key = "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1"
        assert key.public_key().public_bytes_raw().hex() == public_key
        assert load(PRODUCTION, LICENSE_SIGNING_KEY="")["LICENSE_SIGNING_KEY"] is None

    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            (None, ({}, 7)),
            ("3", ({}, 3)),
            ("enterprise:30", ({"enterprise": 30}, 7)),
            ("free:1, 14, enterprise:366", ({"free": 1, "enterprise": 366}, 14)),
        ],
    )
    def test_has_days_of_grace_by_tier(self, given: str | None, expected: tuple[dict[str, int], int]) -> None:
        settings = load(PRODUCTION, OFFLINE_GRACE_DAYS=given)
        assert (settings["OFFLINE_GRACE_DAYS"], settings["OFFLINE_GRACE_DAYS_OTHERS"]) == expected

    @pytest.mark.parametrize(
        ("name", "given"),
        [
            ("production", f"sk_live_{SECRET}"),
            ("production", f"rk_live_{SECRET}"),
            ("production", ""),
            ("staging", f"sk_test_{SECRET}"),
            ("sandbox", f"rk_test_{SECRET}"),
            ("development", f"sk_test_{SECRET}"),
        ],
    )
    def test_takes_the_stripe_key_that_fits(self, name: str, given: str) -> None:
        settings = load(PRODUCTION, CODITECT_ENV=name, STRIPE_SECRET_KEY=given)
        assert settings["STRIPE_SECRET_KEY"] == given
        assert settings["STRIPE_API_BASE"] == "https://api.stripe.com"

    @pytest.mark.parametrize("name", ["sandbox", "staging", "development"])
    def test_moves_no_real_money_outside_production(self, name: str) -> None:
        with pytest.raises(ImproperlyConfigured, match=r"^STRIPE_SECRET_KEY must be sk_test_…"):
            load(PRODUCTION, CODITECT_ENV=name, STRIPE_SECRET_KEY=f"sk_live_{SECRET}")

    def test_lets_a_checkout_lead_back_to_the_web_client_in_development_alone(self) -> None:
        assert load(PRODUCTION)["CHECKOUT_REDIRECT_ORIGINS"] == []
        assert load(DEVELOPMENT)["CHECKOUT_REDIRECT_ORIGINS"] == ["https://app.coditect.ai"]

    @pytest.mark.parametrize(("name", "given", "private"), [("development", "1", True), ("production", "0", False)])
    def test_lets_webhooks_go_to_private_addresses_in_development_alone(
        self, name: str, given: str, private: bool
    ) -> None:
        assert load(PRODUCTION)["WEBHOOK_ALLOW_PRIVATE"] is False
        assert load(PRODUCTION, CODITECT_ENV=name, WEBHOOK_ALLOW_PRIVATE=given)["WEBHOOK_ALLOW_PRIVATE"] is private

    @pytest.mark.parametrize("name", ["sandbox", "staging", "production"])
    def test_keeps_webhooks_from_private_addresses_elsewhere(self, name: str) -> None:
        with pytest.raises(ImproperlyConfigured, match=r"^WEBHOOK_ALLOW_PRIVATE is set: only in development may"):
            load(PRODUCTION, CODITECT_ENV=name, WEBHOOK_ALLOW_PRIVATE="1")

    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            (None, []),
            ("", []),
            ("192.0.2.53", [("192.0.2.53", 53)]),
            ("2001:db8::53, 192.0.2.53:5353", [("2001:db8::53", 53), ("192.0.2.53", 5353)]),
            ("[2001:db8::53]:5353", [("2001:db8::53", 5353)]),
        ],
    )
    def test_takes_name_servers_with_their_ports(self, given: str | None, expected: list[tuple[str, int]]) -> None:
        assert load(PRODUCTION, WEBHOOK_NAME_SERVERS=given)["WEBHOOK_NAME_SERVERS"] == expected

    def test_derives_an_encryption_key_in_development_alone(self) -> None:
        first = load(DEVELOPMENT, ENCRYPTION_KEYS=None)["ENCRYPTION_KEYS"]
        assert [len(key) for key in first.values()] == [32]
        assert load(DEVELOPMENT, ENCRYPTION_KEYS=None, SECRET_KEY="other")["ENCRYPTION_KEYS"] != first

    def test_is_easy_in_development(self) -> None:
        settings = load(DEVELOPMENT)
        assert not settings["REQUIRE_HTTPS"]
        assert settings["ALLOWED_HOSTS"] == ["localhost", "127.0.0.1", "[::1]"]
        assert settings["PUBLIC_URL"] == "http://127.0.0.1:8000"
        assert not settings["DEBUG"]

    @pytest.mark.parametrize(
        ("name", "given", "factor"),
        [
            ("production", None, 1),
            ("sandbox", None, 10),
            ("sandbox", "3", 3),
            ("development", "0", 0),
            ("staging", "0", 0),
        ],
    )
    def test_has_limits_by_environment(self, name: str, given: str | None, factor: int) -> None:
        assert load(PRODUCTION, CODITECT_ENV=name, RATE_LIMIT_FACTOR=given)["RATE_LIMIT_FACTOR"] == factor

    @pytest.mark.parametrize("given", [None, "", "  "])
    def test_takes_an_empty_variable_for_an_unset_one(self, given: str | None) -> None:
        optional = dict.fromkeys(["PORT", "SEAT_TTL_SECONDS", "RATE_LIMIT_FACTOR", "TRUSTED_PROXIES"], given)
        settings = load(PRODUCTION, CELERY_BROKER_URL=given, CORS_ALLOWED_ORIGINS=given, **optional)
        assert (settings["PORT"], settings["SEAT_TTL_SECONDS"], settings["TRUSTED_PROXIES"]) == (8000, 360, 0)
        assert settings["CELERY_BROKER_URL"] == settings["REDIS_URL"]
        assert settings["CORS_ALLOWED_ORIGINS"] == []

    @pytest.mark.parametrize(("proxies", "header"), [(0, None), (2, ("HTTP_X_FORWARDED_PROTO", "https"))])
    def test_believes_in_https_by_trusted_proxies_only(self, proxies: int, header: object) -> None:
        assert load(PRODUCTION, TRUSTED_PROXIES=str(proxies))["SECURE_PROXY_SSL_HEADER"] == header

    @pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
    def test_bounds_every_query(self, scheme: str) -> None:
        url = f"{scheme}://user:p%40ss@db.example.com:6543/coditect?sslmode=require"
        database = load(PRODUCTION, DATABASE_URL=url)["DATABASES"]["default"]
        assert (database["HOST"], database["PORT"], database["NAME"]) == ("db.example.com", 6543, "coditect")
        assert (database["PASSWORD"], database["OPTIONS"]["sslmode"]) == ("p@ss", "require")
        assert database["OPTIONS"]["connect_timeout"] == 2
        assert "statement_timeout=3000" in database["OPTIONS"]["options"]

    @pytest.mark.parametrize(
        ("url", "expected"),
        [
            ("smtp://relay", ("relay", 25, "", "", None, None)),
            ("submission://u%40x:p%2F@mail.example.com", ("mail.example.com", 587, "u@x", "p/", True, None)),
            ("smtps://u:p@mail.example.com:4650", ("mail.example.com", 4650, "u", "p", None, True)),
        ],
    )
    def test_names_a_mail_server(self, url: str, expected: tuple[object, ...]) -> None:
        settings = load(PRODUCTION, EMAIL_URL=url)
        names = ("HOST", "PORT", "HOST_USER", "HOST_PASSWORD", "USE_TLS", "USE_SSL")
        assert tuple(settings.get(f"EMAIL_{name}") for name in names) == expected
        assert settings["EMAIL_TIMEOUT"] == 10
        assert settings["DEFAULT_FROM_EMAIL"] == "CODITECT <no-reply@example.com>"

    @pytest.mark.parametrize(("url", "folder"), [(None, "{}/mail"), ("file:///srv/my%20mail", "/srv/my mail")])
    def test_puts_mails_into_files_in_development(self, url: str | None, folder: str, tmp_path: Path) -> None:
        settings = load(DEVELOPMENT, EMAIL_URL=url, DEFAULT_FROM_EMAIL=None)
        assert settings["EMAIL_BACKEND"].endswith("filebased.EmailBackend")
        assert settings["EMAIL_FILE_PATH"] == folder.format(tmp_path)
        assert settings["DEFAULT_FROM_EMAIL"] == "CODITECT <coditect@localhost>"

    def test_takes_words_with_spaces_between(self) -> None:
        settings = load(PRODUCTION, ALLOWED_HOSTS=" a.example.com , b.example.com,")
        assert settings["ALLOWED_HOSTS"] == ["a.example.com", "b.example.com"]

    def test_does_not_expand_a_dollar_sign_in_a_secret(self) -> None:
        key = "$PATH-${HOME}-" + "k" * 50
        assert load(PRODUCTION, SECRET_KEY=key)["SECRET_KEY"] == key

    @pytest.mark.parametrize(("name", "debug", "level"), [("development", "1", "DEBUG"), ("production", "1", "INFO")])
    def test_logs_more_in_development_only(self, name: str, debug: str, level: str) -> None:
        assert load(PRODUCTION, CODITECT_ENV=name, CODITECT_DEBUG=debug)["LOG_LEVEL"] == level


class TestRunFile:
    @pytest.fixture(autouse=True)
    def _running(self, tmp_path: Path) -> None:
        lines = ["DATABASE_URL='postgresql://u:p@127.0.0.1:7777/embedded'", "REDIS_URL='redis://127.0.0.1:7778/0'"]
        (tmp_path / "run.env").write_text("\n".join([*lines, "SECRET_KEY='from-the-file'", ""]))

    def test_tells_commands_where_the_embedded_services_are(self) -> None:
        settings = load({"CODITECT_ENV": "development"})
        assert settings["DATABASES"]["default"]["PORT"] == 7777
        assert (settings["REDIS_URL"], settings["SECRET_KEY"]) == ("redis://127.0.0.1:7778/0", "from-the-file")

    def test_yields_to_the_environment(self) -> None:
        settings = load({"CODITECT_ENV": "development", "REDIS_URL": "redis://other:6379/1"})
        assert settings["REDIS_URL"] == "redis://other:6379/1"
        assert settings["DATABASES"]["default"]["PORT"] == 7777

    def test_is_ignored_outside_development(self) -> None:
        with pytest.raises(ImproperlyConfigured, match=r"^DATABASE_URL is not set: set it"):
            load(PRODUCTION, DATABASE_URL=None)


class TestDataDirectory:
    @pytest.mark.parametrize(
        ("given", "directory"),
        [(None, BASE_DIR / "var"), ("elsewhere", BASE_DIR / "elsewhere"), ("/srv/data", Path("/srv/data"))],
    )
    def test_is_beside_the_code_unless_absolute(self, given: str | None, directory: Path) -> None:
        del os.environ["CODITECT_DATA_DIR"]
        assert load(PRODUCTION, CODITECT_DATA_DIR=given)["DATA_DIR"] == directory

    def test_may_be_in_the_home_directory(self) -> None:
        assert load(PRODUCTION, CODITECT_DATA_DIR="~/coditect")["DATA_DIR"] == Path.home() / "coditect"

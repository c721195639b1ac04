"""Django's settings, all from the environment; `.env.example` describes each variable."""

from datetime import timedelta

from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse_lazy

from coditect.environment import Environment

environment = Environment()

CODITECT_ENV = environment.name
CODITECT_VERSION = "0.1.0"
CODITECT_INSTANCE = environment.text("CODITECT_INSTANCE", "")
DATA_DIR = environment.data_dir
IS_DEVELOPMENT = environment.is_development
IS_PRODUCTION = CODITECT_ENV == "production"

# Off in development too: Django's debug page shows URLs with their passwords.
DEBUG = False
SECRET_KEY_CHARACTERS = 50
SECRET_KEY = environment.embedded("SECRET_KEY")
if not IS_DEVELOPMENT and len(SECRET_KEY) < SECRET_KEY_CHARACTERS:
    raise ImproperlyConfigured(
        f"SECRET_KEY is too short: outside development it needs {SECRET_KEY_CHARACTERS} characters."
    )
ENCRYPTION_KEYS = environment.encryption_keys("ENCRYPTION_KEYS", stand_in=SECRET_KEY if IS_DEVELOPMENT else None)
PORT = environment.number("PORT", 8000, at_least=1, at_most=65535)
PUBLIC_URL = environment.web_url("PUBLIC_URL", f"http://127.0.0.1:{PORT}" if IS_DEVELOPMENT else None)
ALLOWED_HOSTS = environment.words("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"] if IS_DEVELOPMENT else [])
if not ALLOWED_HOSTS:
    raise ImproperlyConfigured("ALLOWED_HOSTS is not set: name the hosts that this server answers for.")

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "corsheaders",
    "rest_framework",
    "drf_spectacular_sidecar",
    "coditect.api",
    "coditect.journal",
    "coditect.console",
    "accounts",
    "licenses",
    "subscriptions",
    "webhooks",
    "health",
]
MIDDLEWARE = [
    "coditect.api.middleware.RequestIdMiddleware",
    "health.middleware.AliveMiddleware",
    "coditect.api.middleware.HttpsOnlyMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "coditect.console.middleware.ConsolePolicyMiddleware",
    "coditect.console.middleware.ConsoleActorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "coditect.urls"
# Nobody logs in by a session but at the console, whose page does not say where to go on.
LOGIN_REDIRECT_URL = "admin:index"
WSGI_APPLICATION = "coditect.wsgi.application"
APPEND_SLASH = False
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# The time-outs bound every answer: what cannot be served within 3 s is a 503, never a hang.
DATABASES = {
    "default": {
        **environment.database("DATABASE_URL"),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    },
}
DATABASES["default"].setdefault("OPTIONS", {}).update(
    connect_timeout=2,
    tcp_user_timeout=3000,
    options="-c statement_timeout=3000 -c lock_timeout=1000 -c idle_in_transaction_session_timeout=5000",
)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = environment.redis("REDIS_URL")
# Below 2 s: the scripts refuse a caller who would wait for longer, since that is one whose clock is an old one.
REDIS_TIMEOUT_SECONDS = 0.25

AUTH_USER_MODEL = "accounts.User"
# Argon2id; the others let in those who come from elsewhere with such a hash, which their first log-in renews.
PASSWORD_HASHERS = [f"django.contrib.auth.hashers.{name}PasswordHasher" for name in ("Argon2", "PBKDF2", "Scrypt")]
VALIDATION = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": f"{VALIDATION}.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["email", "full_name"]},
    },
    *(
        {"NAME": f"{VALIDATION}.{name}"}
        for name in ("MinimumLengthValidator", "CommonPasswordValidator", "NumericPasswordValidator")
    ),
    {"NAME": "accounts.passwords.ProductWordValidator"},
]
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=15),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=7),
    "ALGORITHM": "HS256",
    "USER_ID_CLAIM": "sub",
    "CHECK_REVOKE_TOKEN": False,
}

LEAKED_TOKENS_PUBLIC_KEYS = environment.public_keys("LEAKED_TOKENS_PUBLIC_KEYS")
# Unset, the key is made and kept in the database, encrypted.
LICENSE_SIGNING_KEY = environment.private_key("LICENSE_SIGNING_KEY")
OFFLINE_GRACE_DAYS, OFFLINE_GRACE_DAYS_OTHERS = environment.days_by_word("OFFLINE_GRACE_DAYS", others=7, at_most=366)

STRIPE_SECRET_KEY = environment.stripe_key("STRIPE_SECRET_KEY")
STRIPE_API_BASE = environment.web_url("STRIPE_API_BASE", "https://api.stripe.com")
# Two while one is rolled: an event signed with either is Stripe's.
STRIPE_WEBHOOK_SECRETS = environment.words("STRIPE_WEBHOOK_SECRET", [])
WEBHOOK_ALLOW_PRIVATE = environment.flag("WEBHOOK_ALLOW_PRIVATE")
if WEBHOOK_ALLOW_PRIVATE and not IS_DEVELOPMENT:
    raise ImproperlyConfigured("WEBHOOK_ALLOW_PRIVATE is set: only in development may webhooks lead inside.")
WEBHOOK_NAME_SERVERS = environment.name_servers("WEBHOOK_NAME_SERVERS")

SEAT_TTL_SECONDS = environment.number("SEAT_TTL_SECONDS", 360, at_least=2)
SEAT_SWEEP_SECONDS = 15
SEAT_RECORD_GRACE_SECONDS = 30
RATE_LIMIT_FACTOR = environment.number("RATE_LIMIT_FACTOR", 10 if CODITECT_ENV == "sandbox" else 1)
if IS_PRODUCTION and RATE_LIMIT_FACTOR == 0:
    raise ImproperlyConfigured("RATE_LIMIT_FACTOR is 0: production must not run without rate limits.")
TRUSTED_PROXIES = environment.number("TRUSTED_PROXIES", 0)
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

LOCALHOST_ORIGINS = [r"^http://(localhost|127\.0\.0\.1)(:\d+)?$"] if IS_DEVELOPMENT else []
# Where a checkout may send people back to; our own origin always is one.
CHECKOUT_REDIRECT_ORIGINS = environment.origins(
    "CHECKOUT_REDIRECT_ORIGINS", ["https://app.coditect.ai"] if IS_DEVELOPMENT else []
)
CHECKOUT_REDIRECT_ORIGIN_REGEXES = LOCALHOST_ORIGINS
CORS_ALLOWED_ORIGINS = environment.origins("CORS_ALLOWED_ORIGINS")
CORS_ALLOWED_ORIGIN_REGEXES = LOCALHOST_ORIGINS
CORS_URLS_REGEX = r"^/(api/v1|v1)/"
CORS_ALLOW_HEADERS = ["authorization", "content-type", "idempotency-key", "x-api-key", "x-organization-id"]
CORS_EXPOSE_HEADERS = [
    "Idempotency-Replayed",
    "Retry-After",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "X-Request-ID",
]

# Plain HTTP is refused by HttpsOnlyMiddleware; Django's redirect would let a token cross in clear first.
REQUIRE_HTTPS = not IS_DEVELOPMENT
SECURE_SSL_REDIRECT = False
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = REQUIRE_HTTPS
# A cookie of this prefix is taken from this very host alone, over HTTPS (RFC 6265bis, section 4.1.3.2).
COOKIE_PREFIX = "__Host-" if REQUIRE_HTTPS else ""
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}sessionid"
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}csrftoken"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SECURE_HSTS_SECONDS = 31_536_000 if REQUIRE_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = REQUIRE_HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
X_FRAME_OPTIONS = "DENY"
SILENCED_SYSTEM_CHECKS = ["security.W008"]

API_AUTHENTICATION = ["accounts.authentication.AccessTokenAuthentication"]
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": API_AUTHENTICATION,
    "DEFAULT_PARSER_CLASSES": ["coditect.api.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "UNAUTHENTICATED_USER": None,
    "COERCE_DECIMAL_TO_STRING": False,
}
SPECTACULAR_SETTINGS = {
    "OAS_VERSION": "3.1.0",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENFORCE_NON_BLANK_FIELDS": True,
}

globals().update(
    environment.mail_server("EMAIL_URL", (DATA_DIR / "mail").absolute().as_uri() if IS_DEVELOPMENT else None)
)
DEFAULT_FROM_EMAIL = SERVER_EMAIL = environment.mailbox(
    "DEFAULT_FROM_EMAIL", "CODITECT <coditect@localhost>" if IS_DEVELOPMENT else None
)

# Short socket time-outs: a paused broker must not hold a request or the beat for kombu's default of 20 s.
CELERY_BROKER_URL = environment.redis("CELERY_BROKER_URL", REDIS_URL)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_connect_timeout": 2, "socket_timeout": 5, "visibility_timeout": 3600}
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
MAIL_SECONDS = 10
BATCH_SECONDS = 5
STRIPE_EVENT_SECONDS = 5
WEBHOOK_SECONDS = 2
# A process of its own works on this queue: receivers that hang keep no mail waiting.
DELIVERY_QUEUE = "webhooks"
OF_DELIVERER = [
    *(f"webhooks.{name}" for name in ("dispatch_events", "deliver_due", "deliver_lane", "deliver_one")),
    "health.record_deliverer",
]
CELERY_TASK_ROUTES = {name: {"queue": DELIVERY_QUEUE} for name in OF_DELIVERER}
AUDIT_RETENTION_DAYS = environment.number("AUDIT_RETENTION_DAYS", 400, at_least=30)
CELERY_BEAT_SCHEDULE = {
    "expire-sessions": {
        "task": "licenses.expire_sessions",
        "schedule": SEAT_SWEEP_SECONDS,
        "options": {"expires": SEAT_SWEEP_SECONDS},
    },
    "send-expiry-notices": {"task": "licenses.send_expiry_notices", "schedule": 60, "options": {"expires": 60}},
    "verify-seats": {"task": "licenses.verify_seats", "schedule": 3600, "options": {"expires": 3600}},
    "send-mails": {"task": "journal.send_mails", "schedule": MAIL_SECONDS, "options": {"expires": MAIL_SECONDS}},
    "run-batches": {"task": "licenses.run_batches", "schedule": BATCH_SECONDS, "options": {"expires": BATCH_SECONDS}},
    "handle-stripe-events": {
        "task": "webhooks.handle_stripe_events",
        "schedule": STRIPE_EVENT_SECONDS,
        "options": {"expires": STRIPE_EVENT_SECONDS},
    },
    "look-after-customers": {"task": "subscriptions.look_after_customers", "schedule": 60, "options": {"expires": 60}},
    "close-checkouts": {"task": "subscriptions.close_checkouts", "schedule": 300, "options": {"expires": 300}},
    "deliver-webhooks": {
        "task": "webhooks.deliver_due",
        "schedule": WEBHOOK_SECONDS,
        "options": {"expires": WEBHOOK_SECONDS},
    },
    "prune-deliveries": {"task": "webhooks.prune_deliveries", "schedule": 3600, "options": {"expires": 3600}},
    "prune-stripe-events": {"task": "webhooks.prune_stripe_events", "schedule": 3600, "options": {"expires": 3600}},
    "prune-batches": {"task": "licenses.prune_batches", "schedule": 3600, "options": {"expires": 3600}},
    "roll-up-usage": {"task": "licenses.roll_up_usage", "schedule": 300, "options": {"expires": 300}},
    "forget-secrets": {"task": "accounts.forget_secrets", "schedule": 3600, "options": {"expires": 3600}},
    "prune-events": {"task": "journal.prune_events", "schedule": 3600, "options": {"expires": 3600}},
    "prune-mails": {"task": "journal.prune_mails", "schedule": 3600, "options": {"expires": 3600}},
    "prune-answers": {"task": "journal.prune_answers", "schedule": 3600, "options": {"expires": 3600}},
    "worker-heartbeat": {"task": "health.record_worker", "schedule": 10, "options": {"expires": 10}},
    "deliverer-heartbeat": {"task": "health.record_deliverer", "schedule": 10, "options": {"expires": 10}},
}

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-us"
USE_I18N = False
STATIC_URL = "/static/"
# Served from the packages themselves, so there is nothing to collect.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
UNFOLD = {
    "SITE_TITLE": "CODITECT",
    "SITE_HEADER": "CODITECT licensing",
    "SITE_URL": reverse_lazy("admin:index"),
}

LOG_LEVEL = "DEBUG" if IS_DEVELOPMENT and environment.flag("CODITECT_DEBUG") else "INFO"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "django.request": {"level": "ERROR"},
        "httpx": {"level": "WARNING"},
        # Below that it writes down what it sends.
        "stripe": {"level": "WARNING"},
    },
}

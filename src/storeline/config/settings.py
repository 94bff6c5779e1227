"""Django's settings. What differs between installations comes from the environment."""

from __future__ import annotations

import os
from typing import Any

import django_stubs_ext
from django.templatetags.static import static
from psycopg.conninfo import conninfo_to_dict

from storeline.config import environment
from storeline.config.modules import installed
from storeline.config.paths import ROOT, VAR

django_stubs_ext.monkeypatch()  # so that `Field[int, int]` and its like can be written in class bases

ENVIRONMENT = environment.read(os.environ)
PRODUCTION = ENVIRONMENT.production
DEBUG = ENVIRONMENT.debug
MODULES = installed(os.environ.get("STORELINE_TOP"))
SECRET_KEY = ENVIRONMENT.secret_key
DATA_KEY = os.environ.get("DATA_KEY", "")  # what stored secrets derive from, so that SECRET_KEY can change alone
ALLOWED_HOSTS = ENVIRONMENT.allowed_hosts

INSTALLED_APPS = [
    "unfold",  # before the admin, whose templates it replaces
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "storeline.config.apps.FlashMessagesConfig",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "ninja",  # its documentation page and that page's scripts, served from here
    "storeline.web",  # before allauth, whose pages it dresses
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "oauth2_provider",
    *(f"storeline.{module}" for module in MODULES),
]

MIDDLEWARE = [
    *(["storeline.config.tracing.TraceMiddleware"] if ENVIRONMENT.traces else []),
    "storeline.web.middleware.ObserveMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "storeline.web.middleware.CompressMiddleware",
    "storeline.web.middleware.HeadersMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "storeline.web.middleware.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "storeline.web.conditional.ConditionalMiddleware",
    "storeline.web.middleware.AddressMiddleware",
]

ROOT_URLCONF = "storeline.config.urls"
WSGI_APPLICATION = "storeline.config.wsgi.application"
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
                "storeline.web.pages.shown",
            ],
            "builtins": ["storeline.web.templatetags.addresses"],
            "libraries": {"i18n": "storeline.web.templatetags.said"},
        },
    }
]

SILENCED_SYSTEM_CHECKS = ["templates.W003"]  # `said` is meant to stand in for Django's i18n

# --- database ---


def _database(address: str) -> dict[str, Any]:
    """Django's form of a libpq address: what Django has no name for goes to the driver as it is."""
    parts = conninfo_to_dict(address)
    return {
        "ENGINE": "storeline.config.postgresql",
        "NAME": parts.pop("dbname", ""),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": parts.pop("port", ""),
        "CONN_MAX_AGE": None,  # a connection for each thread, kept
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "application_name": "storeline",
            "prepare_threshold": None,  # kernel/pipe.py prepares; the driver would forget all of it after each rollback
            **parts,
        },
        "TEST": {"NAME": os.environ.get("STORELINE_TEST_DB") or "test_storeline"},
    }


DATABASES = {"default": _database(ENVIRONMENT.database_url)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- people and programs that sign in ---

AUTH_USER_MODEL = "identity.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "storeline.identity.hashers.RandomSecretHasher",  # clients' secrets, which we draw at random
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
ACCOUNT_ADAPTER = "storeline.identity.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
LOGIN_REDIRECT_URL = "/start"
ACCOUNT_LOGOUT_REDIRECT_URL = "/start"
ACCOUNT_USER_MODEL_USERNAME_FIELD = "username"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Storeline"
STAFF_MFA = ENVIRONMENT.staff_mfa
FIRST_SHOP = ENVIRONMENT.first_shop
OAUTH2_PROVIDER_APPLICATION_MODEL = "identity.Client"
OAUTH2_PROVIDER = {
    "OAUTH2_SERVER_CLASS": "oauthlib.oauth2.BackendApplicationServer",  # client credentials, no other grant
    "SCOPES_BACKEND_CLASS": "storeline.identity.oauth.PermissionScopes",
    "CLIENT_SECRET_HASHER": "random_sha256",
    "ACCESS_TOKEN_EXPIRE_SECONDS": 3600,
    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,  # tokens are kept as hashes only
    "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT": True,
    "PKCE_REQUIRED": True,
}

# --- languages and time ---

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文"), ("fr", "Français"), ("es", "Español")]
LANGUAGE_COOKIE_AGE = 31_536_000
LANGUAGE_COOKIE_SAMESITE = "Lax"
USE_I18N = True
LOCALE_PATHS = [ROOT / "src/storeline/web/locale"]  # before other packages' words for the same
USE_TZ = True
TIME_ZONE = "UTC"

# --- the staff's reference data, in the colours of web/app.css ---

UNFOLD = {
    "SITE_TITLE": "Storeline",
    "SITE_HEADER": "Storeline",
    "SITE_URL": "/office",
    "SITE_ICON": lambda _request: static("web/icon.svg"),
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda _request: static("web/icon.svg")}],
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "COLORS": {
        "primary": {
            "50": "#f0f8f4",
            "100": "#e1f1e9",
            "200": "#bfe3d1",
            "300": "#86e4bf",
            "400": "#62d6a7",
            "500": "#1f9d70",
            "600": "#0a6b4a",
            "700": "#07523a",
            "800": "#15352a",
            "900": "#0b2a20",
            "950": "#04241a",
        }
    },
}

# --- files ---

STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"
MEDIA_URL = "/media/"
MEDIA_ROOT = VAR / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "storeline.web.statics.HashedStorage"
        if os.environ.get("STORELINE_STATIC") == "collected"  # by whoever serves
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

# --- security ---

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SESSION_ENGINE = "storeline.identity.session_store"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = PRODUCTION
SECURE_REDIRECT_EXEMPT = [r"^health/"]
SECURE_HSTS_SECONDS = 63_072_000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if os.environ.get("STORELINE_BEHIND_PROXY") == "1" else None
)
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
CSRF_FAILURE_VIEW = "storeline.identity.access.csrf_failure"
X_FRAME_OPTIONS = "DENY"
TRUSTED_PROXIES = ENVIRONMENT.trusted_proxies
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 2**20
SLOW_REQUEST_S = float(os.environ.get("STORELINE_SLOW_REQUEST_S", "1"))
LIVE_STREAMS = int(os.environ.get("STORELINE_LIVE_STREAMS", "1000"))  # pages that listen, in each process
LIVE_STREAMS_PER_ADDRESS = int(os.environ.get("STORELINE_LIVE_STREAMS_PER_ADDRESS", "100"))
RECALL_CONTACT_DAYS = int(os.environ.get("STORELINE_RECALL_CONTACT_DAYS", "730"))  # 0: forgotten with the order's end
METRICS_TOKEN = os.environ.get("STORELINE_METRICS_TOKEN", "")

# --- what is sent to people ---

MESSAGE_TRANSPORTS = ENVIRONMENT.message_transports
EMAIL_HOST = os.environ.get("EMAIL_HOST", "localhost")
EMAIL_PORT = int(os.environ.get("EMAIL_PORT", "25"))
EMAIL_HOST_USER = os.environ.get("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = os.environ.get("EMAIL_USE_TLS") == "1"
EMAIL_TIMEOUT = 10  # without one a silent mail server would hold up all messages
DEFAULT_FROM_EMAIL = os.environ.get("DEFAULT_FROM_EMAIL", "storeline@localhost")

# --- logs: one JSON object a line, no personal data ---

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "storeline.config.logs.JsonFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": [], "propagate": True, "level": "INFO"},
        # A refusal is an answer, not a fault: the request log has it.
        "django.request": {"handlers": [], "propagate": True, "level": "ERROR"},
        "django.server": {"handlers": [], "propagate": True, "level": "WARNING"},
    },
}

"""All settings, from the environment. The reference table is `configuration` in the docs; `genepool up` fills in what is missing."""

import hashlib
from pathlib import Path
from urllib.parse import unquote, urlsplit

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from hub.config import addresses, env, reference
from hub.config import logging as log_setup
from workers.contracts.version import VERSION

ROOT = Path(__file__).resolve().parents[2]
DATA_DIR = Path(env.text("GENEPOOL_DATA", ".genepool")).resolve()

DEBUG = env.boolean("DEBUG")
_site = addresses.site("SITE_URL", "http://127.0.0.1:8000")
SITE_URL = _site.geturl()
IS_HTTPS = _site.scheme == "https"

SECRET_KEY = env.secret("SECRET_KEY")
if not SECRET_KEY:
    raise ImproperlyConfigured(
        "SECRET_KEY is not set. `genepool up` makes one; elsewhere set SECRET_KEY or SECRET_KEY_FILE."
    )
SECRET_KEY_FALLBACKS = env.names("SECRET_KEY_FALLBACKS")
TOKEN_PEPPERS = {1: env.secret("TOKEN_PEPPER", SECRET_KEY)}

# This machine's own names are always answered: probes inside a container come by them. Addresses we hand out never depend on Host
# unless the caller is local.
ALLOWED_HOSTS = [_site.hostname, *env.names("ALLOWED_HOSTS"), "127.0.0.1", "localhost", "[::1]"]
CSRF_TRUSTED_ORIGINS = [f"{_site.scheme}://{_site.netloc}"]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "django_filters",
    "axes",
    "csp",
    "hub.config",
    "hub.core",
    "hub.accounts",
    "hub.blobs",
    "hub.catalog",
    "hub.jobs",
    "hub.recipes",
    "hub.benchmarks",
    "hub.evals",
    "hub.hfapi",
    "hub.xet",
    "hub.imports",
    "hub.pages",
]
MIDDLEWARE = [
    "hub.config.logging.RequestLog",
    "hub.config.request_metrics.RequestMetrics",
    "hub.config.health.Probes",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "hub.accounts.middleware.Sender",
    "hub.accounts.middleware.PageLimits",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "hub.config.urls"
WSGI_APPLICATION = "hub.config.wsgi.application"
APPEND_SLASH = False
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "frontend" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "hub.pages.context.chrome",
            ],
        },
    }
]


DATABASES = {"default": addresses.database("DATABASE_URL", "postgres://genepool@127.0.0.1/genepool")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = addresses.redis("REDIS_URL", "redis://127.0.0.1:6379/0")
CACHE_URL = addresses.redis("CACHE_URL", REDIS_URL)  # a Redis of its own for the cache, where one is wanted
CACHES = {
    "default": {
        "BACKEND": "hub.core.cache.ForgetfulCache",
        "LOCATION": CACHE_URL,
        # with another SECRET_KEY nothing of before is found, instead of read as empty
        "KEY_PREFIX": f"genepool:{hashlib.sha256(b'cache:' + SECRET_KEY.encode()).hexdigest()[:12]}",
        "OPTIONS": {"serializer": "hub.core.cache.SignedSerializer"},
    }
}
# A hub that only this machine reaches serves its owner, who may ask as often as they like.
RATE_LIMITS_ON = env.boolean("RATE_LIMITS_ON", _site.hostname not in ("127.0.0.1", "localhost", "::1"))
STORAGE_URL = env.text("STORAGE_URL", (DATA_DIR / "blobs").as_uri())
SCRATCH_DIR = Path(env.text("SCRATCH_DIR", str(DATA_DIR / "work")))

S3 = {
    "endpoint": env.text("S3_ENDPOINT"),
    "public_endpoint": env.text("S3_PUBLIC_ENDPOINT"),
    "region": env.text("S3_REGION", "us-east-1"),
    "access_key": env.secret("S3_ACCESS_KEY"),
    "secret_key": env.secret("S3_SECRET_KEY"),
}
QUOTA_BYTES = env.integer("QUOTA_BYTES", 0)
QUOTA_COMPUTE_S = env.integer("QUOTA_COMPUTE_S", 0)
XET_UPLOADS = env.boolean("XET_UPLOADS", True)

SIGN_UP = env.one_of("SIGN_UP", "INVITED", ("CLOSED", "INVITED", "OPEN")).lower()
AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "/login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_IPWARE_PROXY_COUNT = env.integer("PROXY_COUNT", 0, 0, 5)
AXES_VERBOSE = False
AXES_LOCKOUT_CALLABLE = "hub.pages.views.sign_in.locked_out"

SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME = "__Host-session" if IS_HTTPS else "genepool_session"
CSRF_COOKIE_NAME = "__Host-csrf" if IS_HTTPS else "genepool_csrf"
SECURE_HSTS_SECONDS = env.integer("HSTS_SECONDS", 3600) if IS_HTTPS else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if env.boolean("BEHIND_PROXY"):
    # SECURITY: only when the operator says so; anybody can send this header otherwise.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    }
}
MAX_UPLOAD_BYTES = env.integer("MAX_UPLOAD_BYTES", 512 * 2**30)
USE_X_ACCEL = env.boolean("USE_X_ACCEL")  # nginx in front sends the blobs itself
DATA_UPLOAD_MAX_MEMORY_SIZE = 2**20
FILE_UPLOAD_HANDLERS = ["hub.core.uploads.NoFiles"]
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.text("STATIC_ROOT", str(DATA_DIR / "static")))
STATICFILES_DIRS = [ROOT / "frontend" / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "hub.accounts.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["hub.core.parsers.BoundedJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "hub.core.schema.Operations",
    "EXCEPTION_HANDLER": "hub.core.errors.exception_handler",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "NUM_PROXIES": AXES_IPWARE_PROXY_COUNT,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Genepool",
    "VERSION": VERSION,
    "DESCRIPTION": "A self-hosted model zoo and learnware hub.",
    "SERVE_INCLUDE_SCHEMA": False,
    "PREPROCESSING_HOOKS": ["hub.core.schema.only_api"],
    "POSTPROCESSING_HOOKS": ["hub.core.schema.with_problems"],
    "AUTHENTICATION_WHITELIST": [],
    "APPEND_COMPONENTS": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    "SECURITY": [{"token": []}, {}],
    "SORT_OPERATIONS": True,
    "OAS_VERSION": "3.1.0",
}

LEASE_S = env.number("LEASE_S", 90, 1)
HEARTBEAT_S = env.number("HEARTBEAT_S", 15, 0.1)
SWEEP_S = env.number("SWEEP_S", 30, 0.5)
CANCEL_GRACE_S = env.number("CANCEL_GRACE_S", 20, 0.1)
WORKER_THREADS = env.integer("WORKER_THREADS", 1, 1, 256)
RUNNING_PER_OWNER = env.integer("RUNNING_PER_OWNER", 3, 1)
QUEUED_PER_OWNER = env.integer("QUEUED_PER_OWNER", 20, 1)
OFFLINE = env.boolean("OFFLINE")
LICENCE_POLICY = env.one_of("LICENCE_POLICY", "WARN", ("WARN", "BLOCK")).lower()
IMPORT_HOSTS = env.names("IMPORT_HOSTS", "huggingface.co")
IMPORT_PRIVATE_HOSTS = env.names(
    "IMPORT_PRIVATE_HOSTS"
)  # allowed though private, such as a second hub on the same machine
IMPORT_REFRESH = env.boolean("IMPORT_REFRESH")
WEBHOOK_HOSTS = env.names("WEBHOOK_HOSTS")  # hosts allowed though private, such as a receiver on the same machine
METRICS_KEY = env.secret("METRICS_KEY")

_mail = urlsplit(env.secret("EMAIL_URL"))
HAS_MAIL = bool(_mail.hostname)
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if HAS_MAIL else 'dummy'}.EmailBackend"
if HAS_MAIL:
    EMAIL_HOST, EMAIL_PORT = _mail.hostname, _mail.port or 25
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = unquote(_mail.username or ""), unquote(_mail.password or "")
    EMAIL_USE_TLS = _mail.scheme == "smtp+tls"
DEFAULT_FROM_EMAIL = env.text("EMAIL_FROM", f"genepool@{_site.hostname}")

REFERENCE = reference.GROUPS  # for the docs: pages do not import the wiring
LOG_LEVEL = env.one_of("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR"))
LOGGING = log_setup.settings_for(LOG_LEVEL)

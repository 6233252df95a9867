"""The configuration reference: one row per environment variable that the hub reads. The docs page shows it, a test holds it to the code."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Variable:
    """`is_secret`: NAME_FILE may name a file that holds the value instead."""

    name: str
    default: str
    meaning: str
    is_secret: bool = False


@dataclass(frozen=True)
class Group:
    label: str
    variables: tuple[Variable, ...]


GROUPS: tuple[Group, ...] = (
    Group("Addresses", (
        Variable("SITE_URL", "http://127.0.0.1:8000", "Under which address people and clients reach the hub. Scheme and host alone."),
        Variable("ALLOWED_HOSTS", "", "Further host names that are answered, with commas between."),
        Variable("BEHIND_PROXY", "0", "1 when a proxy of yours sets X-Forwarded-Proto. Anybody can send that header otherwise."),
        Variable("PROXY_COUNT", "0", "How many proxies of yours stand in front: so the sender's address is known for limits."),
        Variable("HSTS_SECONDS", "3600", "How long browsers insist on https, once SITE_URL is https."),
    )),
    Group("Services and storage", (
        Variable("GENEPOOL_DATA", ".genepool", "The data directory of a hub on this machine."),
        Variable("DATABASE_URL", "the embedded Postgres", "postgres://user:password@host:5432/name, with pgvector.", is_secret=True),
        Variable("DATABASE_PASSWORD", "", "The password, when DATABASE_URL has none.", is_secret=True),
        Variable("DATABASE_POOL", "0", "1 keeps a pool of connections per process. The web server sets it for itself."),
        Variable("DATABASE_STATEMENT_TIMEOUT", "15s", "How long one question to the database may take."),
        Variable("REDIS_URL", "the embedded Redis", "redis://host:6379/0 or unix:///path. It carries bells, never results.", is_secret=True),
        Variable("CACHE_URL", "REDIS_URL", "Another Redis for caches and rate limits.", is_secret=True),
        Variable("STORAGE_URL", "blobs/ in the data directory", "file:///folder or s3://bucket/prefix for the content-addressed blobs."),
        Variable("S3_ENDPOINT", "Amazon's", "Where the S3 store answers the hub, such as http://store:9000."),
        Variable("S3_PUBLIC_ENDPOINT", "S3_ENDPOINT", "Where clients reach it: signed addresses are made for this one."),
        Variable("S3_REGION", "us-east-1", "The region requests are signed for."),
        Variable("S3_ACCESS_KEY", "", "Who the hub is to the store.", is_secret=True),
        Variable("S3_SECRET_KEY", "", "And how it shows that.", is_secret=True),
        Variable("QUOTA_BYTES", "0", "How many bytes one user or organisation may store, where nothing else is set for them; 0 is no limit."),
        Variable("XET_UPLOADS", "1", "0 turns the Xet gateway off: clients of version 2 then need HF_HUB_DISABLE_XET=1 to upload."),
        Variable("SCRATCH_DIR", "work/ in the data directory", "Where running jobs keep inputs, journals and results."),
        Variable("STATIC_ROOT", "static/ in the data directory", "Where the collected static files lie."),
        Variable("USE_X_ACCEL", "0", "1 lets nginx in front send the bytes of blobs, as docker-compose.yml does."),
        Variable("MAX_UPLOAD_BYTES", "549755813888", "The largest file that is taken."),
    )),
    Group("Secrets", (
        Variable("SECRET_KEY", "made by genepool up", "Signs sessions and addresses. At least 50 characters.", is_secret=True),
        Variable("SECRET_KEY_FALLBACKS", "", "Earlier keys that still count while you change it, with commas between."),
        Variable("TOKEN_PEPPER", "SECRET_KEY", "Keys the hashes of access tokens.", is_secret=True),
        Variable("METRICS_KEY", "", "Opens /metrics to whoever sends it as X-Metrics-Key; without one there is no such page.", is_secret=True),
    )),
    Group("Jobs", (
        Variable("WORKER_THREADS", "1", "Threads of one job. Bytes of a result do not depend on it."),
        Variable("RUNNING_PER_OWNER", "3", "How many jobs of one person run at a time."),
        Variable("QUEUED_PER_OWNER", "20", "How many more may wait."),
        Variable("QUOTA_COMPUTE_S", "0", "Seconds of computing one user or organisation may use in 30 days; 0 is no limit."),
        Variable("LEASE_S", "90", "After how long without a sign of life a job is given to another worker."),
        Variable("HEARTBEAT_S", "15", "How often a worker gives that sign."),
        Variable("SWEEP_S", "30", "How often lost jobs are looked for."),
        Variable("CANCEL_GRACE_S", "20", "How long a cancelled job may take to stop before it is killed."),
    )),
    Group("People", (
        Variable("SIGN_UP", "INVITED", "Who may make an account: CLOSED (administrators alone), INVITED or OPEN."),
        Variable("LICENCE_POLICY", "WARN", "What a licence conflict does to a job: WARN says so, BLOCK refuses until an administrator overrides it."),
    )),
    Group("The world outside", (
        Variable("IMPORT_HOSTS", "huggingface.co", "Hubs that repos may be imported from, with commas between; the first is what hf: means. A bare host is asked over https; write http://127.0.0.1:8001 for another hub of this machine, and list it in IMPORT_PRIVATE_HOSTS too."),
        Variable("IMPORT_PRIVATE_HOSTS", "", "Hosts that imports may reach though their addresses are private, such as another hub of yours."),
        Variable("IMPORT_REFRESH", "0", "1 looks every night whether imported repos have changed at their source."),
        Variable("OFFLINE", "0", "1 turns off every outbound call."),
        Variable("WEBHOOK_HOSTS", "", "Hosts that webhooks may reach though their addresses are private."),
        Variable("EMAIL_URL", "", "smtp://user:password@host:25, or smtp+tls://…; without it notices stay in the app.", is_secret=True),
        Variable("EMAIL_FROM", "genepool@ the host of SITE_URL", "The sender of mail."),
        Variable("RATE_LIMITS_ON", "on unless SITE_URL is this machine", "1 or 0."),
        Variable("LOG_LEVEL", "INFO", "DEBUG, INFO, WARNING or ERROR."),
        Variable("DEBUG", "0", "1 shows errors to everybody and serves /styleguide. For development only."),
    )),
)  # fmt: skip

VARIABLES: tuple[Variable, ...] = tuple(variable for group in GROUPS for variable in group.variables)

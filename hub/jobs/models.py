"""The ledger. A job is a row; a message only says that there may be work. Lease times come from the database clock."""

from django.conf import settings
from django.db import models
from django.db.models import Func, Q, Value

from hub.core.models import Identified, TimeStamped
from hub.jobs.querysets import JobQuerySet
from hub.jobs.states import ACTIVE, STATES, State


class Job(Identified, TimeStamped):
    """One recipe being carried out. Every write by a worker says `WHERE attempt = …`: a late zombie changes nothing."""

    number = models.BigIntegerField(
        unique=True,
        editable=False,
        db_default=Func(Value("job_number"), function="nextval"),
        help_text="short name for people: job 14",
    )
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="jobs")
    charged_to = models.ForeignKey(
        "accounts.Namespace",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="charged_jobs",
        help_text="whose computing time it takes",
    )
    kind = models.CharField(max_length=16)
    method = models.CharField(max_length=48, blank=True)
    title = models.CharField(max_length=200)
    recipe = models.JSONField()
    request = models.JSONField(help_text="contracts.jobs.JobRequest: the recipe resolved to commits")
    request_hash = models.CharField(max_length=64, db_index=True)
    idempotency_key = models.CharField(max_length=128, null=True, blank=True)
    check_report = models.JSONField(default=dict, help_text="findings, licence and estimate as they were at submission")

    state = models.CharField(
        max_length=12, choices=[(state.value, state.label) for state in STATES], default=State.QUEUED
    )
    queue = models.CharField(max_length=8, default="cpu")
    priority = models.SmallIntegerField(default=0)
    attempt = models.PositiveIntegerField(default=0)
    max_attempts = models.PositiveIntegerField(default=3)
    not_before = models.DateTimeField(null=True, blank=True)
    needs_memory_bytes = models.BigIntegerField(default=0)

    lease_owner = models.CharField(max_length=200, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_host = models.CharField(max_length=100, blank=True)
    lease_pid = models.IntegerField(null=True, blank=True)
    lease_started = models.FloatField(
        null=True, blank=True, help_text="start time of that process, so that a reused pid is not taken for it"
    )
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.CASCADE, related_name="children")
    depends_on = models.ManyToManyField("self", symmetrical=False, blank=True, related_name="dependents")
    reproduces = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="reproductions"
    )

    progress = models.JSONField(default=dict, help_text="{done, total, unit, message, steps}")
    error = models.JSONField(
        default=dict, help_text="{code, message, findings}; the traceback is kept apart, for staff"
    )
    traceback = models.TextField(blank=True)
    metrics = models.JSONField(default=dict)
    tensor_digest = models.CharField(max_length=64, blank=True)
    cost = models.JSONField(
        default=dict, help_text="{wall_s, cpu_s, peak_memory_bytes, read_bytes, write_bytes}, summed over attempts"
    )
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "idempotency_key"],
                name="job_idempotency_key_once",
                condition=Q(idempotency_key__isnull=False),
            ),
            models.CheckConstraint(name="job_state_known", condition=Q(state__in=[state.value for state in STATES])),
            models.CheckConstraint(
                name="job_running_has_lease", condition=~Q(state="running") | Q(lease_until__isnull=False)
            ),
        ]
        indexes = [
            models.Index(fields=["queue", "priority", "created_at"], name="job_claimable", condition=Q(state="queued")),
            models.Index(
                fields=["lease_until"], name="job_leased", condition=Q(state__in=[state.value for state in ACTIVE])
            ),
            models.Index(fields=["owner", "-created_at"], name="job_of_owner"),
            models.Index(fields=["-created_at", "id"], name="job_recent"),
        ]

    def __str__(self) -> str:
        return f"job {self.number}"


class JobKey(models.Model):
    """An Idempotency-Key that was answered with a job made before, under another key or none: it stays bound to its recipe."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="job_keys")
    key = models.CharField(max_length=128)
    recipe = models.JSONField()
    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="more_keys")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "key"], name="job_key_once")]

    def __str__(self) -> str:
        return f"key of {self.job_id}"


class JobEvent(models.Model):
    """What happened, in order. State changes, progress points, metrics, checkpoints; the text log is apart."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="events")
    attempt = models.PositiveIntegerField()
    type = models.CharField(max_length=16)
    data = models.JSONField(default=dict)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["job", "id"], name="job_event_order")]

    def __str__(self) -> str:
        return f"{self.type} of {self.job_id}"


class JobLog(models.Model):
    """One line of the log that people read. Host paths are stripped before it is stored."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="log_lines")
    attempt = models.PositiveIntegerField()
    level = models.CharField(max_length=8, default="info")
    message = models.TextField()
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["job", "id"], name="job_log_order")]

    def __str__(self) -> str:
        return f"{self.level} of {self.job_id}"


class JobOutput(models.Model):
    """What a job left: a commit in a repo (`repo`, `commit`), or a single file (`blob`, `path`) such as an evaluation's answers."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="outputs")
    role = models.CharField(max_length=32, default="result")
    position = models.PositiveIntegerField(default=0)
    repo = models.ForeignKey("catalog.Repo", null=True, on_delete=models.SET_NULL, related_name="job_outputs")
    commit = models.ForeignKey("catalog.Commit", null=True, on_delete=models.SET_NULL, related_name="job_outputs")
    blob = models.ForeignKey("blobs.Blob", null=True, on_delete=models.PROTECT, related_name="+")
    path = models.CharField(max_length=1024, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "role", "position"], name="job_output_once")]

    def __str__(self) -> str:
        return f"{self.role} {self.position} of {self.job_id}"


class JobInput(models.Model):
    """Which commits a job reads: for lineage, for `used by`, and for checking rights again at claim and at publish."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="inputs")
    repo = models.ForeignKey("catalog.Repo", null=True, on_delete=models.SET_NULL, related_name="job_inputs")
    commit_oid = models.CharField(max_length=40)
    role = models.CharField(max_length=16)
    position = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.role} {self.position} of {self.job_id}"


class Worker(models.Model):
    """A heartbeat row per worker process: the workers screen and the status line read it."""

    name = models.CharField(max_length=200, unique=True)
    host = models.CharField(max_length=100)
    queues = models.JSONField(default=list)
    device = models.CharField(max_length=100, default="cpu")
    vram_bytes = models.BigIntegerField(default=0)
    memory_bytes = models.BigIntegerField(default=0)
    job = models.ForeignKey(Job, null=True, on_delete=models.SET_NULL, related_name="+")
    version = models.CharField(max_length=32, blank=True)
    last_bell_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Webhook(Identified, TimeStamped):
    """Where to say that a job changed state. The body is signed: HMAC-SHA256 with `secret`."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="webhooks")
    url = models.URLField(max_length=500)
    secret = models.CharField(max_length=64)
    is_active = models.BooleanField(default=True)


class WebhookDelivery(Identified, TimeStamped):
    """One state change to be told to one webhook, at least once. `id` goes along, so that the receiver can drop repeats."""

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="deliveries")
    payload = models.JSONField()
    tries = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True)
    gave_up_at = models.DateTimeField(null=True)
    last_status = models.IntegerField(null=True)
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["next_try_at"], name="delivery_due", condition=Q(delivered_at=None, gave_up_at=None))
        ]


class Notice(models.Model):
    """In-app word that a job ended. `mailed_at` is set once it also went out by mail."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices")
    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="notices")
    text = models.CharField(max_length=300)
    created_at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True)
    mailed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.text

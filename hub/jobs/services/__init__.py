"""Every change of the ledger. One file per concern; callers import the names from here."""

from hub.jobs.services.briefing import job_briefing
from hub.jobs.services.claiming import job_claim
from hub.jobs.services.control import job_cancel, job_retry
from hub.jobs.services.deliveries import deliveries_send, delivery_send
from hub.jobs.services.ending import job_fail, job_release
from hub.jobs.services.leases import LeaseLost, LeaseOwner, lease_owner_make, process_started
from hub.jobs.services.notices import notice_mail, notices_read
from hub.jobs.services.publishing import job_publish
from hub.jobs.services.reporting import Beat, job_events_append, job_heartbeat, job_watch, worker_seen
from hub.jobs.services.resolving import job_refuse, job_resolve
from hub.jobs.services.submitting import job_submit
from hub.jobs.services.sweeping import history_sweep, leases_sweep, scratch_sweep, waiting_sweep
from hub.jobs.services.transition import job_transition
from hub.jobs.services.webhooks import webhook_create, webhook_delete

__all__ = [
    "Beat",
    "LeaseLost",
    "LeaseOwner",
    "deliveries_send",
    "delivery_send",
    "history_sweep",
    "job_briefing",
    "job_cancel",
    "job_claim",
    "job_events_append",
    "job_fail",
    "job_heartbeat",
    "job_publish",
    "job_refuse",
    "job_release",
    "job_resolve",
    "job_retry",
    "job_submit",
    "job_transition",
    "job_watch",
    "lease_owner_make",
    "leases_sweep",
    "notice_mail",
    "notices_read",
    "process_started",
    "scratch_sweep",
    "waiting_sweep",
    "webhook_create",
    "webhook_delete",
    "worker_seen",
]

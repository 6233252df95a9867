"""Word to a person that a job ended: always in the app, by mail where mail is configured and wanted."""

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models.functions import Now

from hub.accounts.models import User
from hub.jobs import bell
from hub.jobs.models import Job, Notice
from hub.jobs.states import State

_WORDS = {
    State.SUCCEEDED: "is done",
    State.FAILED: "failed",
    State.ERRORED: "stopped with an error of ours",
    State.CANCELLED: "is cancelled",
}


def notice_add(*, job: Job) -> None:
    """One notice for a job a person started. Follow-up jobs stay quiet unless they go wrong; a try is watched by who asked."""
    if job.kind == "try" or (job.parent_id and job.state in (State.SUCCEEDED, State.CANCELLED)):
        return
    text = f"Job {job.number} {_WORDS[State(job.state)]}: {job.title}"
    notice = Notice.objects.create(user_id=job.owner_id, job=job, text=text[:300])
    if settings.HAS_MAIL and job.owner.wants_mail and job.owner.email:
        bell.send_after_commit("hub.mail", str(notice.pk))


def notices_read(*, user: User) -> int:
    """Marks all notices of `user` as read; gives their number."""
    return Notice.objects.filter(user=user, read_at=None).update(read_at=Now())


@transaction.atomic
def notice_mail(*, notice_id: int) -> bool:
    """Sends one notice by mail, once: a second call finds it sent and does nothing."""
    notice = (
        Notice.objects.select_for_update(of=("self",))
        .select_related("user", "job")
        .filter(pk=notice_id, mailed_at=None)
        .first()
    )
    if notice is None or not settings.HAS_MAIL or not notice.user.email:
        return False
    message = notice.job.error.get("message", "")
    body = f"{notice.text}\n\n{message}\n\n{settings.SITE_URL}/jobs/{notice.job.number}\n"
    send_mail(f"[Genepool] {notice.text}"[:150], body, settings.DEFAULT_FROM_EMAIL, [notice.user.email])
    notice.mailed_at = Now()
    notice.save(update_fields=["mailed_at"])
    return True

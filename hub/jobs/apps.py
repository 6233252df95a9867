from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "hub.jobs"

    def ready(self) -> None:
        # Makes our Celery app the current one, so that every process that loads Django can ring the bell.
        import hub.config.celery  # noqa: F401

from django.apps import AppConfig


class WiringConfig(AppConfig):
    """Makes our Celery app the current one and registers the system checks, in every process that loads Django."""

    name = "hub.config"
    label = "wiring"

    def ready(self) -> None:
        from hub.config import celery, checks  # noqa: F401

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "hub.catalog"

    def ready(self) -> None:
        from hub.catalog.api import freshness

        freshness.watch()

"""Route table. The first segments of our own routes are reserved namespaces: `hub.accounts.names` derives them from here."""

from django.urls import include, path  # noqa: F401

urlpatterns: list = []

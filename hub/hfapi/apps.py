from django.apps import AppConfig


class HfapiConfig(AppConfig):
    name = "hub.hfapi"

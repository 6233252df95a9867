from django.urls import path

from hub.pages.beside import api

urlpatterns = [path("compare", api.CompareView.as_view(), name="api-compare")]

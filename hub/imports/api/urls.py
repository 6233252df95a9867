from django.urls import path

from hub.imports.api import views

urlpatterns = [
    path("imports", views.ImportCollectionView.as_view(), name="api-imports"),
    path("imports/<uuid:ident>", views.ImportView.as_view(), name="api-import"),
]

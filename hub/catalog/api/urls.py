from django.urls import path

from hub.catalog.api import views
from hub.catalog.api.storage import ModelStorageView

urlpatterns = [
    path("models", views.ModelListView.as_view(), name="api-models"),
    path("models/<str:namespace>/<str:name>", views.ModelView.as_view(), name="api-model"),
    path("models/<str:namespace>/<str:name>/tensors", views.ModelTensorsView.as_view(), name="api-model-tensors"),
    path("models/<str:namespace>/<str:name>/lineage", views.ModelLineageView.as_view(), name="api-model-lineage"),
    path(
        "models/<str:namespace>/<str:name>/compatible", views.ModelCompatibleView.as_view(), name="api-model-compatible"
    ),
    path("models/<str:namespace>/<str:name>/storage", ModelStorageView.as_view(), name="api-model-storage"),
    path("datasets", views.DatasetListView.as_view(), name="api-datasets"),
    path("datasets/<str:namespace>/<str:name>", views.DatasetView.as_view(), name="api-dataset"),
]

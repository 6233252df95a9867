from django.urls import path

from hub.evals.api import views

urlpatterns = [
    path(
        "models/<str:namespace>/<str:name>/evaluations",
        views.ModelEvaluationsView.as_view(),
        name="api-model-evaluations",
    ),
]

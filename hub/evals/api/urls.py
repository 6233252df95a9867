from django.urls import path

from hub.evals.api import boards, claims, views

urlpatterns = [
    path(
        "models/<str:namespace>/<str:name>/evaluations",
        views.ModelEvaluationsView.as_view(),
        name="api-model-evaluations",
    ),
    path("models/<str:namespace>/<str:name>/claims", claims.ModelClaimsView.as_view(), name="api-model-claims"),
    path("leaderboards", boards.LeaderboardCollectionView.as_view(), name="api-leaderboards"),
    path("leaderboards/<str:name>.csv", boards.LeaderboardCsvView.as_view(), name="api-leaderboard-csv"),
    path("leaderboards/<str:name>", boards.LeaderboardView.as_view(), name="api-leaderboard"),
]

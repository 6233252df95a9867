from django.urls import path

from hub.evals.api import boards, claims, invalidating, pairs, rankings, views

urlpatterns = [
    path(
        "models/<str:namespace>/<str:name>/evaluations",
        views.ModelEvaluationsView.as_view(),
        name="api-model-evaluations",
    ),
    path("evaluations/<uuid:ident>/against", pairs.PairsView.as_view(), name="api-pairs"),
    path("evaluations/<uuid:ident>/against/<uuid:other>", pairs.PairView.as_view(), name="api-pair"),
    path(
        "evaluations/<uuid:ident>/against/<uuid:other>/examples",
        pairs.PairExamplesView.as_view(),
        name="api-pair-examples",
    ),
    path("models/<str:namespace>/<str:name>/claims", claims.ModelClaimsView.as_view(), name="api-model-claims"),
    path(
        "evaluations/<uuid:ident>/invalidate",
        invalidating.EvaluationInvalidateView.as_view(),
        name="api-evaluation-invalidate",
    ),
    path("rankings", rankings.RankingCollectionView.as_view(), name="api-rankings"),
    path("rankings/<str:ident>", rankings.RankingView.as_view(), name="api-ranking"),
    path("leaderboards", boards.LeaderboardCollectionView.as_view(), name="api-leaderboards"),
    path("leaderboards/<str:name>.csv", boards.LeaderboardCsvView.as_view(), name="api-leaderboard-csv"),
    path("leaderboards/<str:name>", boards.LeaderboardView.as_view(), name="api-leaderboard"),
]

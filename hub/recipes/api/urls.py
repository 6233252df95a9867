from django.urls import path

from hub.recipes.api import overrides, trying, views

urlpatterns = [
    path("recipes/check", views.RecipeCheckView.as_view(), name="api-recipe-check"),
    path("recipes/licence-overrides", overrides.OverrideCollectionView.as_view(), name="api-licence-overrides"),
    path("recipes/licence-overrides/<uuid:ident>", overrides.OverrideView.as_view(), name="api-licence-override"),
    path("methods", views.MethodListView.as_view(), name="api-methods"),
    path("models/<str:namespace>/<str:name>/try", trying.ModelTryView.as_view(), name="api-model-try"),
    path("jobs", views.JobCollectionView.as_view(), name="api-jobs"),
]

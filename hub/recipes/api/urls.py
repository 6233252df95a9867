from django.urls import path

from hub.recipes.api import views

urlpatterns = [
    path("recipes/check", views.RecipeCheckView.as_view(), name="api-recipe-check"),
    path("methods", views.MethodListView.as_view(), name="api-methods"),
    path("jobs", views.JobCollectionView.as_view(), name="api-jobs"),
]

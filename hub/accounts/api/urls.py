from django.urls import path

from hub.accounts.api import organisations, views

urlpatterns = [
    path("me", views.MeView.as_view(), name="api-me"),
    path("tokens", views.TokenCollectionView.as_view(), name="api-tokens"),
    path("tokens/<uuid:ident>", views.TokenView.as_view(), name="api-token"),
    path("organizations", organisations.OrganisationCollectionView.as_view(), name="api-organizations"),
    path("organizations/<str:name>", organisations.OrganisationView.as_view(), name="api-organization"),
    path("organizations/<str:name>/members/<str:user>", organisations.MemberView.as_view(), name="api-member"),
]

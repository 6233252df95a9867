from django.urls import path

from hub.accounts.api import account, administration, invitations, organisations, service_accounts, views

urlpatterns = [
    path("me", views.MeView.as_view(), name="api-me"),
    path("me/export", account.ExportView.as_view(), name="api-export"),
    path("me/password", account.PasswordView.as_view(), name="api-password"),
    path("me/sessions", account.SessionCollectionView.as_view(), name="api-sessions"),
    path("me/sessions/<uuid:ident>", account.SessionView.as_view(), name="api-session"),
    path("sign-up", account.SignUpView.as_view(), name="api-sign-up"),
    path("audit", administration.AuditView.as_view(), name="api-audit"),
    path("quotas/<str:namespace>", administration.QuotaView.as_view(), name="api-quota"),
    path("invitations", invitations.InvitationCollectionView.as_view(), name="api-invitations"),
    path("invitations/accept", invitations.AcceptView.as_view(), name="api-invitation-accept"),
    path("invitations/<uuid:ident>", invitations.InvitationView.as_view(), name="api-invitation"),
    path("tokens", views.TokenCollectionView.as_view(), name="api-tokens"),
    path("tokens/<uuid:ident>", views.TokenView.as_view(), name="api-token"),
    path("organizations", organisations.OrganisationCollectionView.as_view(), name="api-organizations"),
    path("organizations/<str:name>", organisations.OrganisationView.as_view(), name="api-organization"),
    path(
        "organizations/<str:name>/invitations",
        invitations.OrganisationInvitationView.as_view(),
        name="api-organization-invitations",
    ),
    path(
        "organizations/<str:name>/service-accounts",
        service_accounts.ServiceCollectionView.as_view(),
        name="api-service-accounts",
    ),
    path(
        "organizations/<str:name>/service-accounts/<str:service>",
        service_accounts.ServiceView.as_view(),
        name="api-service-account",
    ),
    path(
        "organizations/<str:name>/service-accounts/<str:service>/tokens",
        service_accounts.ServiceTokenView.as_view(),
        name="api-service-tokens",
    ),
    path("organizations/<str:name>/members/<str:user>", organisations.MemberView.as_view(), name="api-member"),
]

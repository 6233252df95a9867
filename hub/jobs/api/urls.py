from django.urls import path

from hub.jobs.api import views, webhooks

urlpatterns = [
    path("jobs/<str:ident>", views.JobView.as_view(), name="api-job"),
    path("jobs/<str:ident>/events", views.JobEventsView.as_view(), name="api-job-events"),
    path("jobs/<str:ident>/log", views.JobLogView.as_view(), name="api-job-log"),
    path("jobs/<str:ident>/cancel", views.JobCancelView.as_view(), name="api-job-cancel"),
    path("jobs/<str:ident>/retry", views.JobRetryView.as_view(), name="api-job-retry"),
    path("jobs/<str:ident>/outputs", views.JobOutputsView.as_view(), name="api-job-outputs"),
    path("jobs/<str:ident>/files/<path:path>", views.JobFileView.as_view(), name="api-job-file"),
    path("webhooks", webhooks.WebhookCollectionView.as_view(), name="api-webhooks"),
    path("webhooks/<uuid:ident>", webhooks.WebhookView.as_view(), name="api-webhook"),
]

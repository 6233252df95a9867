from django.urls import path

from hub.benchmarks.api import views

urlpatterns = [
    path("benchmarks", views.BenchmarkCollectionView.as_view(), name="api-benchmarks"),
    path("benchmarks/<str:name>", views.BenchmarkView.as_view(), name="api-benchmark"),
    path("benchmarks/<str:name>/versions", views.VersionCollectionView.as_view(), name="api-benchmark-versions"),
    path(
        "benchmarks/<str:name>/versions/<int:number>/retire",
        views.RetirementView.as_view(),
        name="api-benchmark-retire",
    ),
]

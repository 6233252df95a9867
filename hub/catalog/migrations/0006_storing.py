import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalog", "0005_cards_with_claims")]

    operations = [
        migrations.CreateModel(
            name="Storing",
            fields=[
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "repo",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name="storing", serialize=False, to="catalog.repo"
                    ),
                ),
                ("form", models.CharField(choices=[("delta", "As a difference"), ("plain", "Whole")], max_length=5)),
                (
                    "state",
                    models.CharField(
                        choices=[("asked", "Waiting"), ("working", "At work"), ("done", "Done"), ("failed", "Failed")],
                        default="asked",
                        max_length=7,
                    ),
                ),
                ("commit_oid", models.CharField(blank=True, max_length=40)),
                ("base_oid", models.CharField(blank=True, max_length=40)),
                ("message", models.CharField(blank=True, max_length=1000)),
                (
                    "base",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="catalog.repo"
                    ),
                ),
            ],
            options={"abstract": False},
        )
    ]  # fmt: skip

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("blobs", "0004_deltas"),
        ("catalog", "0006_storing"),
    ]

    operations = [
        migrations.CreateModel(
            name="WeightScan",
            fields=[
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "blob",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="scan",
                        serialize=False,
                        to="blobs.blob",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("asked", "Waiting"), ("working", "At work"), ("done", "Done"), ("failed", "Failed")],
                        default="asked",
                        max_length=7,
                    ),
                ),
                ("tensors", models.JSONField(blank=True, default=list, help_text="name, nan, infinite")),
                ("tensors_count", models.IntegerField(default=0)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["asked", "working"])),
                        fields=["created_at"],
                        name="scan_waiting",
                    )
                ],
            },
        ),
    ]

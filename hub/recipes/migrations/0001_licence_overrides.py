import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.CreateModel(
            name="LicenceOverride",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "fingerprint",
                    models.CharField(
                        help_text="of operation, inputs, their licences, target and visibility", max_length=64
                    ),
                ),
                ("by_name", models.CharField(max_length=150)),
                ("reason", models.CharField(max_length=1000)),
                ("operation", models.CharField(max_length=16)),
                ("target", models.CharField(help_text="ns/name the result goes to", max_length=200)),
                (
                    "blocking",
                    models.JSONField(default=list, help_text="what was overridden: input, licence, clause, reason"),
                ),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["-created_at", "id"], name="licence_override_recent")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("withdrawn_at__isnull", True)),
                        fields=("fingerprint",),
                        name="licence_override_once",
                    )
                ],
            },
        ),
    ]

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("blobs", "0003_parts_are_in_the_store")]

    operations = [
        migrations.CreateModel(
            name="Delta",
            fields=[
                (
                    "blob",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name="delta", serialize=False, to="blobs.blob"
                    ),
                ),
                ("since", models.DateTimeField(default=django.utils.timezone.now)),
                ("has_plain", models.BooleanField(default=True)),
                (
                    "base",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="deltas", to="blobs.blob"),
                ),
                (
                    "packed",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="blobs.blob"),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("blob", models.F("base")), _negated=True), name="delta_not_of_itself"
                    )
                ]
            },
        )
    ]  # fmt: skip

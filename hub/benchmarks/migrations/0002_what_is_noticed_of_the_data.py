"""A version keeps what was noticed of its data when it was made, and what a measurement was refused for."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("benchmarks", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="benchmarkversion", name="noticed", field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="benchmarkversion", name="trouble", field=models.JSONField(default=dict),
        ),
    ]  # fmt: skip

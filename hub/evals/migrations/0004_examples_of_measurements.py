from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("evals", "0003_class_names_of_answers")]

    operations = [
        migrations.AddField(
            model_name="evaluation",
            name="example_hash",
            field=models.CharField(blank=True, max_length=64, default=""),
            preserve_default=False,
        ),
        migrations.AddField(model_name="evaluation", name="duplicates", field=models.PositiveIntegerField(null=True)),
        migrations.AddField(model_name="evaluation", name="leakage", field=models.JSONField(default=dict)),
    ]

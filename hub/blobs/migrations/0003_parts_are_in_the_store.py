from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("blobs", "0002_people_and_rights")]

    operations = [migrations.DeleteModel(name="UploadPart")]

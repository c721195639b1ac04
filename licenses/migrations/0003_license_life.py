import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("licenses", "0002_signing_keys")]

    operations = [
        migrations.AddField(
            model_name="license",
            name="holds",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(
                    choices=[("customer", "Customer"), ("operator", "Operator"), ("billing", "Billing")], max_length=16
                ),
                blank=True,
                default=list,
                editable=False,
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="license",
            name="transferred_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]

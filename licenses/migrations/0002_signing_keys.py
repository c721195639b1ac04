"""The keys that sign license files and receipts."""

import uuid

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("licenses", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="SigningKey",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "kid",
                    models.CharField(
                        editable=False, help_text="Its thumbprint (RFC 7638).", max_length=43, unique=True
                    ),
                ),
                ("public_key", models.CharField(editable=False, help_text="32 bytes in base64url.", max_length=43)),
                (
                    "private_key",
                    models.TextField(
                        blank=True,
                        editable=False,
                        help_text="Encrypted; empty for a key that is kept in LICENSE_SIGNING_KEY.",
                    ),
                ),
                ("created_at", models.DateTimeField(editable=False)),
                ("retired_at", models.DateTimeField(editable=False, null=True)),
                ("withdrawn_at", models.DateTimeField(editable=False, null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("retired_at", None)),
                        fields=("retired_at",),
                        name="one_signing_key",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
    ]

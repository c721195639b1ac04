import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_api_tokens"),
        ("webhooks", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL("CREATE SEQUENCE webhooks_delivery_position", "DROP SEQUENCE webhooks_delivery_position"),
        migrations.CreateModel(
            name="Endpoint",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("url", models.CharField(max_length=2048)),
                ("description", models.CharField(blank=True, max_length=200)),
                (
                    "events",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=64),
                        help_text='Types of events; "*" is each of them.',
                        size=None,
                    ),
                ),
                ("secret", models.TextField(editable=False, help_text="Encrypted.")),
                ("previous_secret", models.TextField(blank=True, editable=False, help_text="Encrypted.")),
                ("previous_secret_until", models.DateTimeField(null=True)),
                (
                    "status",
                    models.CharField(
                        choices=[("enabled", "Enabled"), ("disabled", "Disabled")], default="enabled", max_length=16
                    ),
                ),
                (
                    "disabled_reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("gone", "Gone"),
                            ("failing", "Failing"),
                            ("customer", "Customer"),
                            ("operator", "Operator"),
                        ],
                        max_length=16,
                    ),
                ),
                ("failing_since", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField()),
                ("deleted_at", models.DateTimeField(null=True)),
                ("next_attempt_at", models.DateTimeField(null=True)),
                ("claimed_until", models.DateTimeField(null=True)),
                ("claim", models.UUIDField(editable=False, null=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="webhook_endpoints",
                        to="accounts.organization",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("event_id", models.UUIDField()),
                ("event_type", models.CharField(max_length=64)),
                (
                    "position",
                    models.BigIntegerField(
                        db_default=models.Func(models.Value("webhooks_delivery_position"), function="nextval"),
                        editable=False,
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("event", "Event"),
                            ("replay", "Replay"),
                            ("redelivery", "Redelivery"),
                            ("test", "Test"),
                        ],
                        default="event",
                        max_length=16,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("succeeded", "Succeeded"),
                            ("failed", "Failed"),
                            ("superseded", "Superseded"),
                        ],
                        default="pending",
                        max_length=16,
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("created_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
                ("next_attempt_at", models.DateTimeField(null=True)),
                (
                    "endpoint",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="webhooks.endpoint",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "deliveries",
            },
        ),
        migrations.CreateModel(
            name="Attempt",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("status_code", models.PositiveSmallIntegerField(null=True)),
                ("duration_ms", models.PositiveIntegerField()),
                ("error", models.CharField(blank=True, max_length=64)),
                ("response_start", models.TextField(blank=True)),
                (
                    "delivery",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tries",
                        to="webhooks.delivery",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["delivery", "at"], name="attempt_of_delivery")],
            },
        ),
        migrations.AddIndex(
            model_name="endpoint",
            index=models.Index(fields=["organization", "-created_at"], name="endpoint_newest"),
        ),
        migrations.AddIndex(
            model_name="endpoint",
            index=models.Index(
                condition=models.Q(("next_attempt_at__isnull", False), ("status", "enabled")),
                fields=["next_attempt_at"],
                name="endpoint_waiting",
            ),
        ),
        migrations.AddIndex(
            model_name="endpoint",
            index=models.Index(
                condition=models.Q(("deleted_at__isnull", False)), fields=["deleted_at"], name="endpoint_deleted"
            ),
        ),
        migrations.AddConstraint(
            model_name="endpoint",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("disabled_reason", ""), ("status", "enabled")),
                    models.Q(models.Q(("status", "disabled")), models.Q(("disabled_reason", ""), _negated=True)),
                    _connector="OR",
                ),
                name="endpoint_disabled_for_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="endpoint",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("previous_secret", ""), ("previous_secret_until", None), _connector="XOR", _negated=True
                ),
                name="endpoint_previous_secret_ends",
            ),
        ),
        migrations.AddConstraint(
            model_name="endpoint",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("deleted_at", None),
                    models.Q(("previous_secret", ""), ("secret", ""), ("status", "disabled")),
                    _connector="OR",
                ),
                name="endpoint_deleted_is_silent",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("reason__in", ["event", "replay"]), ("status", "pending")),
                fields=["endpoint", "position"],
                name="delivery_in_lane",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("reason__in", ["redelivery", "test"]), ("status", "pending")),
                fields=["next_attempt_at"],
                name="delivery_one_shot",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("finished_at__isnull", False)), fields=["finished_at"], name="delivery_by_age"
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(fields=("endpoint", "position"), name="one_delivery_per_position"),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(
                condition=models.Q(("reason", "event")), fields=("endpoint", "event_id"), name="one_delivery_per_event"
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(("status", "pending"), ("finished_at", None), _connector="XOR", _negated=True),
                name="delivery_ends_once",
            ),
        ),
    ]

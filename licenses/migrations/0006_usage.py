"""Usage, rolled up from the record; and the times for which sessions lived, findable by overlap."""

import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.lookups
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("licenses", "0005_keys_and_expiries"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="UsageHolder",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("hardware_id", models.CharField(max_length=128, null=True)),
                ("is_stale", models.BooleanField(default=False)),
            ],
        ),
        migrations.CreateModel(
            name="UsageProgress",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("rolled_until", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="UsageRollup",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "period",
                    models.CharField(
                        choices=[("hour", "Hour"), ("day", "Day"), ("week", "Week"), ("month", "Month")], max_length=5
                    ),
                ),
                ("start", models.DateTimeField()),
                ("peak", models.PositiveIntegerField()),
                ("seat_microseconds", models.BigIntegerField()),
                ("denials", models.PositiveIntegerField()),
                ("users", models.PositiveIntegerField()),
                ("machines", models.PositiveIntegerField()),
                ("holders", django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
            ],
        ),
        migrations.AddIndex(
            model_name="seatsession",
            index=django.contrib.postgres.indexes.GistIndex(
                models.Func(
                    django.db.models.functions.comparison.Least("started_at", "ended_at"),
                    "ended_at",
                    function="tstzrange",
                    output_field=django.contrib.postgres.fields.ranges.DateTimeRangeField(),
                ),
                condition=models.Q(("ended_at", None), _negated=True),
                name="seat_lifetime",
            ),
        ),
        migrations.AddField(
            model_name="usageholder",
            name="license",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="licenses.license"
            ),
        ),
        migrations.AddField(
            model_name="usageholder",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="usagerollup",
            name="license",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="usage_rollups", to="licenses.license"
            ),
        ),
        migrations.AddIndex(
            model_name="usageholder",
            index=models.Index(condition=models.Q(("is_stale", True)), fields=["license"], name="usage_holder_stale"),
        ),
        migrations.AddConstraint(
            model_name="usageholder",
            constraint=models.UniqueConstraint(fields=("license", "user", "hardware_id"), name="one_usage_holder_each"),
        ),
        migrations.AddConstraint(
            model_name="usagerollup",
            constraint=models.UniqueConstraint(fields=("period", "start", "license"), name="one_usage_rollup_each"),
        ),
        migrations.AddConstraint(
            model_name="usagerollup",
            constraint=models.CheckConstraint(
                condition=django.db.models.lookups.IsNull(
                    models.Func("holders", models.Value(None), function="array_position"), True
                ),
                name="usage_holders_are_known",
            ),
        ),
    ]

import uuid

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0004_api_tokens"),
        ("licenses", "0006_usage"),
    ]

    operations = [
        migrations.CreateModel(
            name="StripeCustomer",
            fields=[
                (
                    "organization",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="stripe_customer",
                        serialize=False,
                        to="accounts.organization",
                    ),
                ),
                ("stripe_customer_id", models.CharField(max_length=255, unique=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
        ),
        migrations.CreateModel(
            name="Intent",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("customer", "Customer"),
                            ("checkout", "Checkout"),
                            ("change", "Change"),
                            ("cancel", "Cancel"),
                            ("resume", "Resume"),
                        ],
                        max_length=16,
                    ),
                ),
                ("request", models.JSONField()),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("done", "Done"),
                            ("refused", "Refused"),
                            ("abandoned", "Abandoned"),
                        ],
                        default="pending",
                        max_length=16,
                    ),
                ),
                ("stripe_id", models.CharField(blank=True, help_text="What Stripe made or changed.", max_length=255)),
                ("created_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="stripe_intents",
                        to="accounts.organization",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Plan",
            fields=[
                ("id", models.SlugField(max_length=32, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=64)),
                ("tier", models.CharField(help_text="The tier of the licenses that it gives.", max_length=32)),
                ("description", models.CharField(blank=True, max_length=300)),
                (
                    "features",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=64), blank=True, default=list, size=None
                    ),
                ),
                (
                    "min_seats",
                    models.PositiveIntegerField(default=1, validators=[django.core.validators.MinValueValidator(1)]),
                ),
                (
                    "max_seats",
                    models.PositiveIntegerField(blank=True, help_text="Empty: as many as one likes.", null=True),
                ),
                ("position", models.PositiveSmallIntegerField(default=0, help_text="Lower comes first.")),
                ("is_offered", models.BooleanField(default=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("min_seats__gte", 1),
                            models.Q(("max_seats", None), ("max_seats__gte", models.F("min_seats")), _connector="OR"),
                        ),
                        name="plan_seats_in_order",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Price",
            fields=[
                ("id", models.CharField(max_length=64, primary_key=True, serialize=False)),
                (
                    "stripe_price_id",
                    models.CharField(help_text="The id of this price at Stripe.", max_length=255, unique=True),
                ),
                ("interval", models.CharField(choices=[("month", "Month"), ("year", "Year")], max_length=8)),
                ("unit_amount", models.PositiveIntegerField(help_text="Of one seat, in the currency's smallest unit.")),
                ("currency", models.CharField(default="usd", max_length=3)),
                (
                    "trial_days",
                    models.PositiveSmallIntegerField(default=0, help_text="Free at first, once for each organization."),
                ),
                (
                    "is_offered",
                    models.BooleanField(default=True, help_text="Whoever has it keeps it, also when it is not."),
                ),
                (
                    "plan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="prices", to="subscriptions.plan"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Checkout",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("seats", models.PositiveIntegerField()),
                ("success_url", models.TextField()),
                ("cancel_url", models.TextField()),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("open", "Open"),
                            ("complete", "Complete"),
                            ("expired", "Expired"),
                            ("abandoned", "Abandoned"),
                        ],
                        default="pending",
                        max_length=16,
                    ),
                ),
                ("stripe_session_id", models.CharField(max_length=255, null=True, unique=True)),
                ("url", models.TextField(blank=True)),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField(null=True)),
                ("completed_at", models.DateTimeField(null=True)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="checkouts",
                        to="accounts.organization",
                    ),
                ),
                (
                    "intent",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="checkout", to="subscriptions.intent"
                    ),
                ),
                (
                    "price",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="subscriptions.price"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Subscription",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("stripe_subscription_id", models.CharField(max_length=255, unique=True)),
                ("stripe_item_id", models.CharField(max_length=255)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("incomplete", "Incomplete"),
                            ("incomplete_expired", "Incomplete Expired"),
                            ("trialing", "Trialing"),
                            ("active", "Active"),
                            ("past_due", "Past Due"),
                            ("unpaid", "Unpaid"),
                            ("paused", "Paused"),
                            ("canceled", "Canceled"),
                        ],
                        max_length=20,
                    ),
                ),
                ("seats", models.PositiveIntegerField()),
                ("current_period_start", models.DateTimeField()),
                ("current_period_end", models.DateTimeField()),
                ("cancel_at_period_end", models.BooleanField(default=False)),
                ("cancel_at", models.DateTimeField(null=True)),
                ("canceled_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("trial_end", models.DateTimeField(null=True)),
                ("past_due_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField()),
                ("synced_at", models.DateTimeField(help_text="When Stripe was last asked.")),
                (
                    "license",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="subscription",
                        to="licenses.license",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="subscriptions",
                        to="accounts.organization",
                    ),
                ),
                (
                    "price",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="subscriptions",
                        to="subscriptions.price",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Invoice",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("stripe_invoice_id", models.CharField(max_length=255, unique=True)),
                ("number", models.CharField(blank=True, max_length=64)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("open", "Open"),
                            ("paid", "Paid"),
                            ("uncollectible", "Uncollectible"),
                            ("void", "Void"),
                        ],
                        max_length=16,
                    ),
                ),
                ("reason", models.CharField(blank=True, help_text="Stripe's `billing_reason`.", max_length=64)),
                ("currency", models.CharField(max_length=3)),
                ("total", models.BigIntegerField()),
                ("amount_due", models.BigIntegerField()),
                ("amount_paid", models.BigIntegerField()),
                ("attempt_count", models.PositiveIntegerField(default=0)),
                ("next_attempt_at", models.DateTimeField(null=True)),
                ("period_start", models.DateTimeField()),
                ("period_end", models.DateTimeField()),
                ("hosted_url", models.TextField(blank=True, help_text="Where it can be looked at and paid.")),
                ("pdf_url", models.TextField(blank=True)),
                ("created_at", models.DateTimeField()),
                ("paid_at", models.DateTimeField(null=True)),
                ("synced_at", models.DateTimeField(help_text="When Stripe was last asked.")),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="invoices", to="accounts.organization"
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="invoices",
                        to="subscriptions.subscription",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="intent",
            index=models.Index(fields=["organization", "-created_at"], name="subscriptio_organiz_5447f5_idx"),
        ),
        migrations.AddConstraint(
            model_name="intent",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status", "pending")),
                fields=("organization", "kind"),
                name="one_pending_intent_of_a_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="price",
            constraint=models.CheckConstraint(
                condition=models.Q(("trial_days__lte", 730)), name="price_trial_as_stripe_takes"
            ),
        ),
        migrations.AddIndex(
            model_name="checkout",
            index=models.Index(fields=["organization", "-created_at"], name="subscriptio_organiz_645310_idx"),
        ),
        migrations.AddConstraint(
            model_name="checkout",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status__in", ["pending", "open"])),
                fields=("organization",),
                name="one_checkout_under_way_per_organization",
            ),
        ),
        migrations.AddIndex(
            model_name="subscription",
            index=models.Index(fields=["organization", "-created_at"], name="subscriptio_organiz_ec1eff_idx"),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status__in", ["trialing", "active", "past_due", "unpaid", "paused"])),
                fields=("organization",),
                name="one_live_subscription_each",
            ),
        ),
        migrations.AddIndex(
            model_name="invoice",
            index=models.Index(fields=["organization", "-created_at"], name="subscriptio_organiz_e7cbcb_idx"),
        ),
    ]

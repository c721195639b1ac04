"""Built beside the work: a plain index would stop every acquire for as long as it takes to read the journal."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("journal", "0005_event_number"),
    ]

    operations = [
        RemoveIndexConcurrently(model_name="event", name="event_undispatched"),
        AddIndexConcurrently(
            model_name="event",
            index=models.Index(
                condition=models.Q(("dispatched_at", None), ("number__gt", 0)),
                fields=["number"],
                name="event_undispatched",
            ),
        ),
        AddIndexConcurrently(
            model_name="event",
            index=models.Index(fields=["organization_id", "number"], name="event_by_number"),
        ),
    ]

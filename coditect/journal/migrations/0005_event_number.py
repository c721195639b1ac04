"""Each event gets a number, in an instant however many there are: all so far share number 0, and are told to nobody."""

from django.db import migrations, models
from django.db.models import Func, Value

# A constant default is kept in the catalogue and touches no row; the triggers see no update.
NUMBER = """
ALTER TABLE journal_event ADD COLUMN number bigint NOT NULL DEFAULT 0;
ALTER TABLE journal_event ALTER COLUMN number DROP DEFAULT;
ALTER TABLE journal_event ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY;
"""
SEQUENCE = Func(Value("journal_event"), Value("number"), function="pg_get_serial_sequence")


class Migration(migrations.Migration):
    dependencies = [
        ("journal", "0004_idempotency_and_rate_windows"),
    ]

    operations = [
        migrations.RunSQL(
            NUMBER,
            "ALTER TABLE journal_event DROP COLUMN number",
            state_operations=[
                migrations.AddField(
                    model_name="event",
                    name="number",
                    field=models.BigIntegerField(db_default=Func(SEQUENCE, function="nextval"), editable=False),
                ),
            ],
        ),
    ]

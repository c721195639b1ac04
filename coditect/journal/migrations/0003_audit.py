"""The journal is append-only, for whatever role connects: PostgreSQL refuses what the code would never do."""

import django.contrib.postgres.indexes
from django.db import migrations, models

# Nothing but the mark of what has been dispatched may change.
KEEP_AS_WRITTEN = """
CREATE FUNCTION journal_event_keep_as_written() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    as_written journal_event := NEW;
BEGIN
    as_written.dispatched_at := OLD.dispatched_at;
    IF as_written IS DISTINCT FROM OLD THEN
        RAISE EXCEPTION 'journal_event is append-only' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER journal_event_keep_as_written BEFORE UPDATE ON journal_event
    FOR EACH ROW EXECUTE FUNCTION journal_event_keep_as_written();
"""

# Whoever sets the flag by hand still cannot take away what is younger than 30 days.
KEEP = """
CREATE FUNCTION journal_event_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('coditect.pruning', true) = 'on' AND OLD.at < now() - interval '30 days' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'journal_event is append-only' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER journal_event_keep BEFORE DELETE ON journal_event
    FOR EACH ROW EXECUTE FUNCTION journal_event_keep();
"""

KEEP_ALL = """
CREATE FUNCTION journal_event_keep_all() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'journal_event is append-only' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER journal_event_keep_all BEFORE TRUNCATE ON journal_event
    FOR EACH STATEMENT EXECUTE FUNCTION journal_event_keep_all();
"""

# Runs as its owner, so that the server's role needs no right to delete. Temporary tables come last on the search path:
# nobody can slip another journal_event in.
PRUNE = """
CREATE FUNCTION journal_event_prune(before timestamptz, at_most integer) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    pruned bigint;
BEGIN
    IF before IS NULL OR before > now() - interval '30 days' THEN
        RAISE EXCEPTION 'the journal is kept for 30 days at least' USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM set_config('coditect.pruning', 'on', true);
    DELETE FROM public.journal_event WHERE id IN (
        SELECT id FROM public.journal_event WHERE at < before AND at < now() - interval '30 days' LIMIT at_most
    );
    GET DIAGNOSTICS pruned = ROW_COUNT;
    PERFORM set_config('coditect.pruning', 'off', true);
    RETURN pruned;
END $$;
REVOKE ALL ON FUNCTION journal_event_prune(timestamptz, integer) FROM PUBLIC;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("journal", "0002_mail"),
    ]

    operations = [
        migrations.AddField(
            model_name="event",
            name="api_token_id",
            field=models.UUIDField(null=True),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["organization_id", "type", "-at"], name="event_by_type"),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["actor_id", "-at"], name="event_by_actor"),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                condition=models.Q(("request_id", ""), _negated=True), fields=["request_id"], name="event_by_request"
            ),
        ),
        migrations.AddIndex(
            model_name="event",
            index=django.contrib.postgres.indexes.BrinIndex(fields=["at"], name="event_by_age"),
        ),
        migrations.RunSQL(
            KEEP_AS_WRITTEN,
            "DROP TRIGGER journal_event_keep_as_written ON journal_event;"
            " DROP FUNCTION journal_event_keep_as_written();",
        ),
        migrations.RunSQL(
            KEEP,
            "DROP TRIGGER journal_event_keep ON journal_event; DROP FUNCTION journal_event_keep();",
        ),
        migrations.RunSQL(
            KEEP_ALL,
            "DROP TRIGGER journal_event_keep_all ON journal_event; DROP FUNCTION journal_event_keep_all();",
        ),
        migrations.RunSQL(PRUNE, "DROP FUNCTION journal_event_prune(timestamptz, integer);"),
    ]

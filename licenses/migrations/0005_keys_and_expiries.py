"""Keys that are taken for ever, and the watch over licenses that come to their end: both kept by triggers."""

import django.db.models.deletion
from django.db import migrations, models

REGISTER = """
CREATE FUNCTION license_key_register() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO license_key (key_normalized, license_id) VALUES (NEW.key_normalized, NEW.id);
    RETURN NULL;
END $$;
CREATE TRIGGER license_key_register AFTER INSERT ON licenses_license
    FOR EACH ROW EXECUTE FUNCTION license_key_register();
CREATE TRIGGER license_key_register_another AFTER UPDATE OF key_normalized ON licenses_license
    FOR EACH ROW WHEN (OLD.key_normalized IS DISTINCT FROM NEW.key_normalized)
    EXECUTE FUNCTION license_key_register();
INSERT INTO license_key (key_normalized, license_id) SELECT key_normalized, id FROM licenses_license;
"""
UNREGISTER = """
DROP TRIGGER license_key_register ON licenses_license;
DROP TRIGGER license_key_register_another ON licenses_license;
DROP FUNCTION license_key_register();
"""

KEEP = """
CREATE FUNCTION license_key_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a license key is taken for ever' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER license_key_keep BEFORE DELETE OR UPDATE OF key_normalized ON license_key
    FOR EACH ROW EXECUTE FUNCTION license_key_keep();
"""

# Where a license has its end for the first time, or another one, what lay before is not told of any more.
WATCH = """
CREATE FUNCTION license_expiry_watch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.expires_at IS NULL OR NEW.status = 'revoked' THEN
        DELETE FROM license_expiry_watch WHERE license_id = NEW.id;
    ELSIF NEW.expires_at IS DISTINCT FROM OLD.expires_at THEN
        INSERT INTO license_expiry_watch (license_id, look_at) VALUES (NEW.id, clock_timestamp())
        ON CONFLICT (license_id) DO UPDATE SET look_at = excluded.look_at;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER license_expiry_watch AFTER INSERT OR UPDATE OF expires_at, status ON licenses_license
    FOR EACH ROW EXECUTE FUNCTION license_expiry_watch();
INSERT INTO license_expiry_watch (license_id, look_at) SELECT id, clock_timestamp() FROM licenses_license
    WHERE expires_at > clock_timestamp() AND status <> 'revoked';
"""


class Migration(migrations.Migration):
    dependencies = [
        ("licenses", "0004_batches"),
    ]

    operations = [
        migrations.CreateModel(
            name="LicenseKey",
            fields=[
                ("key_normalized", models.CharField(max_length=100, primary_key=True, serialize=False)),
                (
                    "works_until",
                    models.DateTimeField(help_text="Of a former key: when its grace ends.", null=True),
                ),
                (
                    "license",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="keys",
                        to="licenses.license",
                    ),
                ),
            ],
            options={"db_table": "license_key"},
        ),
        migrations.CreateModel(
            name="ExpiryWatch",
            fields=[
                (
                    "license",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="licenses.license",
                    ),
                ),
                ("look_at", models.DateTimeField(db_index=True)),
            ],
            options={"db_table": "license_expiry_watch"},
        ),
        migrations.RunSQL(REGISTER, UNREGISTER),
        migrations.RunSQL(KEEP, "DROP TRIGGER license_key_keep ON license_key; DROP FUNCTION license_key_keep();"),
        migrations.RunSQL(
            WATCH,
            "DROP TRIGGER license_expiry_watch ON licenses_license; DROP FUNCTION license_expiry_watch();",
        ),
    ]

"""`manage.py import_licenses licenses.csv [--dry-run]`: issue the licenses of a file, all or none, and print them."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from licenses.services.imports.create import import_licenses
from licenses.services.imports.errors import ImportInvalid
from licenses.services.imports.rows import MOST_BYTES, decode_file


class Command(BaseCommand):
    """See the module."""

    help = "Issue the licenses of a CSV file, all or none, and print line, id and key of each."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which file."""
        parser.add_argument("file", type=Path, help="in UTF-8; docs/license-keys.md describes its columns")
        parser.add_argument("--dry-run", action="store_true", help="only say what is wrong, and issue nothing")

    def handle(self, *_: Any, file: Path, dry_run: bool, **__: Any) -> None:
        """Import it. Exit code 1 where a line is not acceptable, each of which is told."""
        try:
            with file.open("rb") as opened:
                text = decode_file(opened.read(MOST_BYTES + 1))
            imported = import_licenses(text=text, is_dry_run=dry_run, now=timezone.now())
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
        except ImportInvalid as error:
            for fault in error.details["errors"]:
                place = f"line {fault['line']}" + (f", {fault['field']}" if fault["field"] else "")
                self.stderr.write(f"{place}: {fault['message']}")
            raise CommandError(f"Nothing was imported: {error.details['error_count']} errors.") from error
        for each in imported.licenses:
            self.stdout.write(f"{each.line}\t{each.license.pk}\t{each.license.key_string}")
        done = "The file is good. A dry run imports nothing; it would be" if dry_run else "Licenses imported:"
        self.stderr.write(f"{done} {imported.count}.")

"""A file becomes rows: comma-separated values (RFC 4180) in UTF-8, with a header.

What spreadsheets write is understood: a byte order mark, any line ends, quotes, blank lines, columns in any order.
"""

import csv
from collections.abc import Iterator
from io import StringIO

from licenses.services.imports.errors import ImportInvalid, LineError, refuse

REQUIRED = ("organization", "tier", "seats")
COLUMNS = (*REQUIRED, "key", "expires_at", "features")
MOST_BYTES = 1024 * 1024
MOST_ROWS = 10_000
BYTE_ORDER_MARK = "\ufeff"
SHOWN_OF_A_NAME = 40

Record = tuple[int, list[str]]
# The line on which a row begins, and its values by column.
Row = tuple[int, dict[str, str]]


def decode_file(content: bytes) -> str:
    """The text of a file. Raises ImportInvalid."""
    if len(content) > MOST_BYTES:
        raise refuse(1, "too_large", "The file is larger than 1 MiB.")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise refuse(line, "not_utf8", "This is not UTF-8. Save the file as CSV in UTF-8.") from error


def read_rows(text: str) -> tuple[list[Row], list[LineError]]:
    """The rows of a file, and the lines that are none. Raises ImportInvalid where the header tells no columns."""
    errors: list[LineError] = []
    records = _records(text.removeprefix(BYTE_ORDER_MARK), errors)
    columns = _read_header(next(records, None), errors)
    rows = [(number, dict(zip(columns, values, strict=False))) for number, values in _fitting(records, columns, errors)]
    if not rows and not errors:
        raise refuse(1, "empty", "The file has no lines beside its header.")
    return rows, errors


def _records(text: str, errors: list[LineError]) -> Iterator[Record]:
    """Each record with the line on which it begins; after quotes that do not fit nothing more can be told apart."""
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    number = 1
    try:
        for values in reader:
            if any(value.strip() for value in values):
                yield number, [value.strip() for value in values]
            number = reader.line_num + 1
    except csv.Error:
        message = (
            "The quotes do not fit: a quote within quotes is written twice, and behind the last one comes a comma."
        )
        errors.append(LineError(line=number, code="malformed_csv", message=message))


def _fitting(records: Iterator[Record], columns: list[str], errors: list[LineError]) -> Iterator[Record]:
    for count, (number, values) in enumerate(records):
        if count == MOST_ROWS:
            raise refuse(number, "too_many_lines", f"A file has at most {MOST_ROWS:,} lines beside its header.")
        if len(values) == len(columns):
            yield number, values
        else:
            message = f"The line has {len(values)} values, the header {len(columns)}."
            errors.append(LineError(line=number, code="wrong_number_of_values", message=message))


def _read_header(record: Record | None, errors: list[LineError]) -> list[str]:
    if record is None:
        raise ImportInvalid(errors) if errors else refuse(1, "empty", "The file is empty.")
    number, names = record
    columns = [name.lower() for name in names]
    faults = [
        LineError(line=number, field=name[:SHOWN_OF_A_NAME], code=code, message=message)
        for name, code, message in _faults_of_header(columns)
    ]
    if faults:
        raise ImportInvalid(faults)
    return columns


def _faults_of_header(columns: list[str]) -> Iterator[tuple[str, str, str]]:
    if len(columns) == 1 and any(mark in columns[0] for mark in ";\t"):
        yield "", "wrong_delimiter", "The columns must be separated by commas."
        return
    for name in dict.fromkeys(columns):
        if name not in COLUMNS:
            yield name, "unknown_column", f"There is no such column; there are {', '.join(COLUMNS)}."
        elif columns.count(name) > 1:
            yield name, "repeated_column", "This column comes more than once."
    for name in REQUIRED:
        if name not in columns:
            yield name, "missing_column", "This column is missing."

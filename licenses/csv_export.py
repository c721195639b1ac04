"""CSV (RFC 4180) that a spreadsheet only shows, and never runs.

A cell that begins with one of = + - @, a tab or a line break is a formula to a spreadsheet, whoever wrote it
(https://owasp.org/www-community/attacks/CSV_Injection). In front of it goes an apostrophe, which makes it text. A
program may also take other separators than ours for the end of a cell, so what follows one of them is looked at, too.
"""

import csv
import re
from collections.abc import Iterable, Sequence
from io import StringIO

# With the full-width forms, which some spreadsheets take for the same.
SIGNS = "=+\\-@＝＋－＠"  # noqa: RUF001 (it is these that are looked for)
SEPARATORS = ",;:|\"'\t\r\n\v\f\x1c-\x1e\x85\u2028\u2029"
# What a spreadsheet may pass over: white space, control characters, and what has no width.
UNSEEN = "\\s\x00-\x1f\x7f-\x9f\xad\u200b-\u200f\u2060-\u2064\ufeff"
FORMULA = re.compile(f"(^(?=[\t\r\n])|^(?=[{UNSEEN}]*[{SIGNS}])|[{SEPARATORS}](?=[{UNSEEN}]*[{SIGNS}]))")

Cell = str | int | float


def write_csv(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """The whole file, one line for the header and for each row; texts are made harmless, numbers stay as they are."""
    file = StringIO()
    writer = csv.writer(file)
    writer.writerow(header)
    writer.writerows([neutralise(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return file.getvalue()


def neutralise(text: str) -> str:
    """The text with an apostrophe before whatever a spreadsheet would run."""
    return FORMULA.sub(lambda found: f"{found[1]}'", text)

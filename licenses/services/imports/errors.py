"""What can be wrong with a file of licenses."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from coditect.errors import InvalidLines

# Nobody reads more; the count tells of all.
ERRORS_TOLD = 1000


@dataclass(frozen=True, kw_only=True)
class LineError:
    """What is wrong in a line; `field` is empty where it is the line itself."""

    line: int
    field: str = ""
    code: str
    message: str


class ImportInvalid(InvalidLines):
    """Nothing was imported. The details tell the first thousand `errors`, by line, and the `error_count` of all."""

    code = "import_invalid"
    message = "Nothing was imported: the file has errors."

    def __init__(self, errors: Sequence[LineError]) -> None:
        found = sorted(errors, key=lambda error: error.line)
        super().__init__(errors=[asdict(error) for error in found[:ERRORS_TOLD]], error_count=len(found))


def refuse(line: int, code: str, message: str) -> ImportInvalid:
    """The refusal of a whole file for one reason."""
    return ImportInvalid([LineError(line=line, code=code, message=message)])

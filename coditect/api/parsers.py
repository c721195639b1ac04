"""JSON in, read strictly: what one parser takes and the next refuses is refused here."""

import json
from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

MAX_DEPTH = 100


class StrictJSONParser(BaseParser):
    """An RFC 8259 object of at most 1 MiB.

    Refuses what I-JSON (RFC 7493) warns of: duplicate names, NaN, infinities, lone surrogates; and NUL characters,
    which PostgreSQL cannot store; and nesting so deep that writing it again could exhaust the stack. Raises ParseError
    or RequestDataTooBig.
    """

    media_type = "application/json"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """The body as a dict."""
        body = stream.read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
        if len(body) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise RequestDataTooBig
        data = read_json(body)
        if not isinstance(data, dict):
            raise ParseError("The body must be a JSON object.")
        return data


class RawParser(BaseParser):
    """The body as it came, at most 1 MiB: its signature is checked before anything reads it."""

    media_type = "application/json"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, bytes]:
        """The bytes, as `raw`. Raises RequestDataTooBig."""
        body = stream.read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
        if len(body) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise RequestDataTooBig
        return {"raw": body}


def read_json(body: bytes) -> Any:
    """What a body says, as strictly. Raises ParseError."""
    try:
        data = json.loads(
            body.decode(), parse_constant=_refuse_constant, parse_float=_finite, object_pairs_hook=_unique
        )
        is_clean = b"\0" not in "".join(_strings(data)).encode()
    except (ValueError, RecursionError) as error:
        raise ParseError("The body is not valid JSON.") from error
    if not is_clean:
        raise ParseError("The body contains a NUL character.")
    return data


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _finite(text: str) -> float:
    number = float(text)
    if number in {float("inf"), float("-inf")}:
        raise ValueError(text)
    return number


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(pairs)
    if len(names) != len(pairs):
        raise ValueError("duplicate name")
    return names


def _strings(data: Any) -> list[str]:
    """Every string in the document, names included; level by level, since depth is the sender's choice.

    Raises ValueError below MAX_DEPTH.
    """
    found: list[str] = []
    level = [data]
    for _ in range(MAX_DEPTH + 1):
        if not level:
            return found
        found += [value for value in level if isinstance(value, str)]
        level = [inner for value in level for inner in _inside(value)]
    raise ValueError("nested too deep")


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [*value, *value.values()]
    return value if isinstance(value, list) else []

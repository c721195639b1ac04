"""Holds a request's parameters against those that Stripe takes: unknown, missing and mistyped ones are refused."""

from functools import cache
from typing import Any

from coditect.local.fake_stripe import problems
from coditect.local.fake_stripe.problems import StripeProblem
from coditect.local.fake_stripe.shapes import NULL, Choice, ListOf, MapOf, OneOf, Scalar, Shape, Struct, fields_of

_BOOLEANS = {"true": True, "false": False}


def read(params: str, form: dict[str, Any]) -> dict[str, Any]:
    """Return typed parameters.

    `params` names the file of the package's `params` that describes them, such as `checkout._session_create_params`.
    Raises StripeProblem as Stripe would answer.
    """
    return _read_struct(struct_of(params), form, at="")


@cache
def struct_of(params: str) -> Struct:
    """The TypedDict that a file of the package's `params` is there for: its name, in capitals, without underscores."""
    name = "".join(word.capitalize() for word in params.rpartition(".")[2].split("_"))
    return Struct(f"stripe.params.{params}", name)


def _read_struct(struct: Struct, given: dict[str, Any], *, at: str) -> dict[str, Any]:
    fields = fields_of(struct)
    unknown = [_name(at, name) for name in given if name not in fields]
    if unknown:
        raise problems.unknown_parameters(unknown)
    for name, field in fields.items():
        if field.is_required and name not in given:
            raise problems.missing_parameter(_name(at, name))
    return {name: _read(fields[name].shape, value, at=_name(at, name)) for name, value in given.items()}


def _name(at: str, name: str) -> str:
    return f"{at}[{name}]" if at else name


def _read(shape: Shape, value: Any, *, at: str) -> Any:
    if isinstance(shape, OneOf):
        return _read_union(shape, value, at=at)
    if isinstance(shape, Struct | MapOf | ListOf):
        if not isinstance(value, dict):
            raise problems.invalid_type(at, "array" if isinstance(shape, ListOf) else "object")
        return _read_nested(shape, value, at=at)
    if isinstance(value, dict):
        raise problems.invalid_type(at, "string")
    return _read_choice(shape, value, at=at) if isinstance(shape, Choice) else _read_scalar(shape, value, at=at)


def _read_nested(shape: Struct | MapOf | ListOf, value: dict[str, Any], *, at: str) -> Any:
    if isinstance(shape, Struct):
        return _read_struct(shape, value, at=at)
    items = {name: _read_item(shape.item, item, at=_name(at, name)) for name, item in value.items()}
    if isinstance(shape, MapOf):
        return items
    if not all(name.isdigit() for name in items):
        raise problems.invalid_type(at, "array")
    return [items[name] for name in sorted(items, key=int)]


def _read_item(shape: Shape, value: Any, *, at: str) -> Any:
    # An empty value of metadata is no mistake: it deletes the key.
    return "" if value == "" else _read(shape, value, at=at)


def _read_union(shape: OneOf, value: Any, *, at: str) -> Any:
    options = [option for option in shape.options if option != NULL]
    words = [word for option in options if isinstance(option, Choice) for word in option.values]
    others = {option for option in options if not isinstance(option, Choice)}
    # Generated enums allow any string to the type checker, so that old clients survive new words; Stripe does not.
    if set(words) - {""} and others == {Scalar("str")}:
        return _read(Choice(tuple(words)), value, at=at)
    problem: StripeProblem | None = None
    for option in options:
        try:
            return _read(option, value, at=at)
        except StripeProblem as refused:
            # The one that fits the form of what was sent says best what is wrong with it.
            if problem is None or isinstance(value, dict) == isinstance(option, Struct | MapOf | ListOf):
                problem = refused
    raise problem or problems.invalid_type(at, "value")


def _read_choice(shape: Choice, value: str, *, at: str) -> Any:
    for allowed in shape.values:
        if value == (str(allowed).lower() if isinstance(allowed, bool) else str(allowed)):
            return allowed
    if value == "":
        raise problems.empty_parameter(at)
    words = [str(word) for word in shape.values if word != ""]
    raise problems.invalid_choice(at, words) if words else problems.invalid_type(at, "value")


def _read_scalar(shape: Scalar, value: str, *, at: str) -> Any:
    if value == "":
        raise problems.empty_parameter(at)
    if shape.name == "int":
        if not value.lstrip("-").isdecimal():
            raise problems.invalid_number(at, value)
        return int(value)
    if shape.name == "bool":
        if value not in _BOOLEANS:
            raise problems.InvalidParameters(f"Invalid boolean: {value}", param=at)
        return _BOOLEANS[value]
    if shape.name in {"float", "Decimal"}:
        return _read_decimal(value, at=at)
    return value


def _read_decimal(value: str, *, at: str) -> str:
    try:
        float(value)
    except ValueError:
        raise problems.InvalidParameters(f"Invalid decimal: {value}", param=at) from None
    return value

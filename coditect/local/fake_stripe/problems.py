"""Stripe's errors, in Stripe's words."""

from typing import Any


class StripeProblem(Exception):
    """A refusal. What the request did before is undone, unless `keeps_effects`."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        type: str = "invalid_request_error",  # noqa: A002 (Stripe's name for it)
        keeps_effects: bool = False,
        **details: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.type = type
        self.keeps_effects = keeps_effects
        self.details = {name: value for name, value in details.items() if value is not None}

    def body(self) -> dict[str, Any]:
        """The answer's body."""
        error = {"message": str(self), "type": self.type, **self.details}
        if "code" in error:
            error["doc_url"] = f"https://stripe.com/docs/error-codes/{error['code'].replace('_', '-')}"
        return {"error": error}


class InvalidParameters(StripeProblem):
    """Refused before anything was tried, so that an idempotency key stays unused."""


def unknown_parameters(names: list[str]) -> StripeProblem:
    noun = "parameter" if len(names) == 1 else "parameters"
    message = f"Received unknown {noun}: {', '.join(names)}"
    return InvalidParameters(message, code="parameter_unknown", param=names[0])


def missing_parameter(name: str) -> StripeProblem:
    return InvalidParameters(f"Missing required param: {name}.", code="parameter_missing", param=name)


def empty_parameter(name: str) -> StripeProblem:
    return InvalidParameters(
        f"You passed an empty string for '{name}'. We assume empty values are an attempt to unset a parameter; however "
        f"'{name}' cannot be unset. You should remove '{name}' from your request or supply a non-empty value.",
        code="parameter_invalid_empty",
        param=name,
    )


def invalid_number(name: str, value: str) -> StripeProblem:
    return InvalidParameters(f"Invalid integer: {value}", code="parameter_invalid_integer", param=name)


def invalid_choice(name: str, allowed: list[str]) -> StripeProblem:
    words = f"{', '.join(allowed[:-1])}, or {allowed[-1]}" if len(allowed) > 1 else allowed[0]
    return InvalidParameters(f"Invalid {name}: must be one of {words}", param=name)


def invalid_type(name: str, wanted: str) -> StripeProblem:
    return InvalidParameters(f"Invalid {wanted}", param=name)


def missing_resource(noun: str, id: str, *, param: str = "id", status: int = 404) -> StripeProblem:
    """Stripe answers 404 for an id in the path and 400 for one in a parameter."""
    return StripeProblem(f"No such {noun}: '{id}'", status=status, code="resource_missing", param=param)


def not_supported(what: str, *, param: str | None = None) -> StripeProblem:
    """What Stripe would do and this stand-in does not: said aloud, never passed over."""
    return InvalidParameters(f"The fake Stripe of this repository does not know {what}.", param=param)


def card_declined(*, decline_code: str, code: str = "card_declined", **details: Any) -> StripeProblem:
    messages = {
        "insufficient_funds": "Your card has insufficient funds.",
        "expired_card": "Your card has expired.",
        "incorrect_cvc": "Your card's security code is incorrect.",
        "processing_error": "An error occurred while processing your card. Try again in a little bit.",
    }
    return StripeProblem(
        messages.get(decline_code, "Your card was declined."),
        status=402,
        type="card_error",
        code=code,
        decline_code=decline_code,
        **details,
    )

"""A client that speaks one dialect, so that one test can run in both; each answer is held to the API's description."""

import json
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.test import Client
from django.urls import reverse

NAMES = ("flat", "enveloped")
JSON_TYPES = ("application/json", "application/jose+json")


@dataclass
class Answer:
    """A response, read: `data` without its envelope, `error` as (code, message, details) in either dialect."""

    dialect: str
    status: int
    headers: dict[str, str]
    content: bytes
    json: Any

    @property
    def data(self) -> Any:
        """The object, or the rows of a list."""
        return self.json["data"] if self.dialect == "enveloped" else self.json

    def rows(self, key: str) -> list[dict[str, Any]]:
        """The rows of a list."""
        rows: list[dict[str, Any]] = self.json["data"] if self.dialect == "enveloped" else self.json[key]
        return rows

    @property
    def code(self) -> str:
        """The error's code."""
        error = self.json["error"] if self.dialect == "enveloped" else self.json
        return str(error["code"])

    @property
    def message(self) -> str:
        """The error's sentence."""
        return str(self.json["error"]["message"] if self.dialect == "enveloped" else self.json["detail"])

    @property
    def details(self) -> dict[str, Any]:
        """The error's details."""
        details: dict[str, Any] = (self.json["error"] if self.dialect == "enveloped" else self.json)["details"]
        return details

    @property
    def errors(self) -> dict[str, list[str]]:
        """The messages of invalid input, by field."""
        errors: dict[str, list[str]] = (
            self.json["error"]["details"]["errors"] if self.dialect == "enveloped" else self.json["errors"]
        )
        return errors


@dataclass
class Api:
    """Calls endpoints by the name of their route."""

    dialect: str
    token: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def url(self, name: str, **path: Any) -> str:
        """The path of a route in this dialect."""
        return reverse(f"{self.dialect}:{name}", kwargs=path)

    def as_bearer(self, token: str) -> "Api":
        """The same client with an access token."""
        return Api(self.dialect, token, self.headers)

    def with_headers(self, **headers: str) -> "Api":
        """The same client with further headers, `x_organization_id="…"`."""
        return Api(self.dialect, self.token, self.headers | headers)

    def get(self, name: str, query: dict[str, Any] | None = None, **path: Any) -> Answer:
        """GET."""
        return self.send("GET", self.url(name, **path), query=query)

    def post(self, name: str, body: Any = None, **path: Any) -> Answer:
        """POST with a JSON body."""
        return self.send("POST", self.url(name, **path), body=body)

    def patch(self, name: str, body: Any = None, **path: Any) -> Answer:
        """PATCH with a JSON content type, and without a body unless given one: as the published clients do."""
        return self.send("PATCH", self.url(name, **path), body=body)

    def delete(self, name: str, **path: Any) -> Answer:
        """DELETE."""
        return self.send("DELETE", self.url(name, **path))

    def send(
        self,
        method: str,
        url: str,
        *,
        body: Any = None,
        raw: bytes | None = None,
        query: dict[str, Any] | None = None,
        content_type: str = "application/json",
    ) -> Answer:
        """Send a request to any path."""
        headers = dict(self.headers)
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        data = raw if raw is not None else (b"" if body is None else json.dumps(body).encode())
        response = _client().generic(
            method, url, data, content_type=content_type, headers=headers, query_params=query or {}
        )
        is_json = response.headers.get("Content-Type", "").startswith(JSON_TYPES)
        answer = Answer(
            dialect=self.dialect,
            status=response.status_code,
            headers=dict(response.headers),
            content=response.content,
            json=response.json() if is_json and response.content else None,
        )
        # Not above: `make prove` needs the names of the dialects, and no Django.
        from tests.schema import conformance

        conformance.check(answer, method, response.request["PATH_INFO"])
        return answer


@cache
def _client() -> Client:
    """One for the whole run: each new one would load the middleware again."""
    return Client(raise_request_exception=False)

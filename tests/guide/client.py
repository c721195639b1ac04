"""A Python client with the habits of the published one: what it reads, sends and retries is what customers' code does.

One `requests` session; a JSON content type on every request, also without a body; one refresh and one retry after a
401; the first refresh token kept for ever; every success parsed as JSON.
"""

import socket
from typing import Any

import requests


class GuideClient:
    """Logs in, lists and validates licenses, and holds a seat."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.http = requests.Session()
        self.access_token: str | None = None
        self.refresh_token: str | None = None

    def register(self, email: str, password: str, full_name: str, company_name: str) -> Any:
        """Sign up."""
        body = {"email": email, "password": password, "full_name": full_name, "company_name": company_name}
        return self.request("POST", "/api/v1/auth/register/", json=body)

    def login(self, email: str, password: str) -> Any:
        """Keep both tokens of a log-in."""
        response = self._send("POST", "/api/v1/auth/token/", json={"email": email, "password": password})
        response.raise_for_status()
        tokens = response.json()
        self.access_token, self.refresh_token = tokens["access"], tokens["refresh"]
        return tokens

    def refresh(self) -> None:
        """Replace the access token only."""
        response = self._send("POST", "/api/v1/auth/token/refresh/", json={"refresh": self.refresh_token})
        response.raise_for_status()
        self.access_token = response.json()["access"]

    def request(self, method: str, path: str, **options: Any) -> Any:
        """Send, refresh once on a 401, and parse whatever success comes as JSON."""
        response = self._send(method, path, **options)
        if response.status_code == requests.codes.unauthorized and self.refresh_token:
            self.refresh()
            response = self._send(method, path, **options)
        response.raise_for_status()
        return response.json()

    def licenses(self, *, is_active: bool | None = None) -> Any:
        """List, with the flag in lower case."""
        params = {} if is_active is None else {"is_active": str(is_active).lower()}
        return self.request("GET", "/api/v1/licenses/", params=params)

    def validate(self, key: str) -> Any:
        """Look only at the body, whatever the status."""
        return self._send("POST", "/api/v1/licenses/validate/", json={"key_string": key}).json()

    def acquire(self, key: str, hardware_id: str) -> Any:
        """Claim the address that the host name resolves to: often a private one."""
        body = {
            "license_key": key,
            "hardware_id": hardware_id,
            "ip_address": socket.gethostbyname("localhost"),
            "client_version": "1.0.0",
        }
        return self.request("POST", "/api/v1/licenses/acquire/", json=body)

    def heartbeat(self, session_id: str) -> Any:
        """A PATCH without a body."""
        return self.request("PATCH", f"/api/v1/licenses/sessions/{session_id}/heartbeat/")

    def release(self, session_id: str) -> Any:
        """A DELETE whose answer is parsed."""
        return self.request("DELETE", f"/api/v1/licenses/sessions/{session_id}/")

    def _send(self, method: str, path: str, **options: Any) -> requests.Response:
        headers = {"Content-Type": "application/json"}
        if self.access_token:
            headers["Authorization"] = f"Bearer {self.access_token}"
        return self.http.request(method, self.base_url + path, headers=headers, timeout=30, **options)

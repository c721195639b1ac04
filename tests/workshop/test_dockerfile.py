"""Dockerfile and .dockerignore: what the image is made of."""

import ast
import re

from tests.workshop.files import APPS, ROOT, read

# A backslash at a line's end continues it.
LINES = [line for line in re.sub(r"\\\n\s*", "", read("Dockerfile")).splitlines() if line and not line.startswith("#")]
IGNORED = [line for line in read(".dockerignore").splitlines() if line and not line.startswith("#")]


def instructions(keyword: str) -> list[str]:
    return [line.removeprefix(keyword).strip() for line in LINES if line.startswith(f"{keyword} ")]


class TestImage:
    def test_is_built_in_two_stages_on_a_slim_python(self) -> None:
        assert instructions("FROM") == ["python:3.13-slim-bookworm AS packages", "python:3.13-slim-bookworm"]

    def test_installs_the_lock_with_hashes_and_wheels_only(self) -> None:
        (install,) = [line for line in instructions("RUN") if " pip install " in line]
        assert {"--require-hashes", "--no-deps", "--only-binary=:all:"} <= set(install.split())
        assert install.endswith("-r requirements.lock")

    def test_holds_neither_embedded_servers_nor_development_tools(self) -> None:
        assert "coditect/local" in IGNORED
        assert not any("requirements-" in line for line in LINES + IGNORED)

    def test_takes_only_what_is_named(self) -> None:
        assert IGNORED[0] == "*"
        named = {line.removeprefix("!") for line in IGNORED if line.startswith("!")}
        assert named == {*APPS, "manage.py", "requirements.lock"}
        assert all((ROOT / name).exists() for name in named)

    def test_runs_as_a_user_who_is_not_root(self) -> None:
        assert instructions("USER") == ["10001:10001"]
        assert LINES.index("USER 10001:10001") < next(i for i, line in enumerate(LINES) if line.startswith("CMD"))

    def test_starts_gunicorn_with_our_configuration(self) -> None:
        (command,) = instructions("CMD")
        assert ast.literal_eval(command) == ["gunicorn", "-c", "coditect/gunicorn_conf.py", "coditect.wsgi"]

    def test_asks_healthz_whether_it_is_alive(self) -> None:
        (check,) = instructions("HEALTHCHECK")
        _, _, command = check.partition("CMD ")
        program, option, code = ast.literal_eval(command)
        assert (program, option) == ("python", "-c")
        assert "/healthz'" in code
        ast.parse(code)

    def test_holds_no_secret(self) -> None:
        assert not re.search(r"SECRET|PASSWORD|TOKEN", "\n".join(LINES))

"""docker-compose.yml: no engine runs here, so what can be known without one is checked."""

import re
import tomllib
from typing import Any

import pytest
import yaml

from tests.workshop.files import documented_variables, read

COMPOSE: dict[str, Any] = yaml.safe_load(read("docker-compose.yml"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ("web", "worker", "deliverer", "beat", "migrate")
SERVERS = ("postgres", "redis")
VERSION = tomllib.loads(read("pyproject.toml"))["project"]["version"]
REFERENCE = re.compile(r"\$\{([A-Z_]+)(?::([-?])([^}]*))?\}")

every_service = pytest.mark.parametrize("name", [*OURS, *SERVERS])


def command_of(name: str) -> str:
    return " ".join(SERVICES[name].get("command", []))


class TestServices:
    def test_are_these(self) -> None:
        assert set(SERVICES) == {*OURS, *SERVERS}

    @pytest.mark.parametrize("name", OURS)
    def test_of_ours_run_from_the_one_image_of_this_version(self, name: str) -> None:
        assert (SERVICES[name]["image"], SERVICES[name]["build"]) == (f"coditect:{VERSION}", ".")

    @pytest.mark.parametrize(("name", "image"), [("postgres", "postgres:16-bookworm"), ("redis", "redis:7.2-bookworm")])
    def test_of_others_are_pinned_to_the_promised_version(self, name: str, image: str) -> None:
        assert SERVICES[name]["image"] == image

    @pytest.mark.parametrize(
        ("name", "words"),
        [
            ("worker", "celery -A coditect worker -P threads"),
            ("deliverer", "celery -A coditect worker -P threads --concurrency 32 -Q webhooks"),
            ("beat", "celery -A coditect beat"),
            ("migrate", "python manage.py migrate"),
            ("redis", "--appendonly yes"),
            ("redis", "--maxmemory-policy noeviction"),
        ],
    )
    def test_run_their_command(self, name: str, words: str) -> None:
        assert words in command_of(name)

    def test_leave_the_web_command_to_the_image(self) -> None:
        assert "command" not in SERVICES["web"]

    @pytest.mark.parametrize("name", ["worker", "deliverer", "beat", *SERVERS])
    def test_have_a_health_check(self, name: str) -> None:
        assert SERVICES[name]["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}

    def test_leave_the_web_health_check_to_the_image(self) -> None:
        assert "healthcheck" not in SERVICES["web"]
        assert "HEALTHCHECK" in read("Dockerfile")

    @every_service
    def test_are_limited_in_what_they_use(self, name: str) -> None:
        assert set(SERVICES[name]["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}

    @every_service
    def test_run_without_root_and_write_to_memory_or_volumes_only(self, name: str) -> None:
        service = SERVICES[name]
        user, group = service["user"].split(":")
        assert int(user) > 0
        assert int(group) > 0
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert any(entry.startswith("/tmp:") for entry in service["tmpfs"])  # noqa: S108 (a path in the container)

    def test_are_several_for_web_and_one_for_beat(self) -> None:
        assert SERVICES["web"]["deploy"]["replicas"] > 1
        assert SERVICES["beat"]["deploy"]["replicas"] == 1

    def test_have_a_port_for_each_web_replica_and_none_else(self) -> None:
        (published,) = SERVICES["web"]["ports"]
        found = re.fullmatch(r"127\.0\.0\.1:(\d+)-(\d+):8000", published)
        assert found
        assert int(found[2]) - int(found[1]) + 1 >= SERVICES["web"]["deploy"]["replicas"]
        assert not any("ports" in SERVICES[name] for name in SERVICES if name != "web")

    @pytest.mark.parametrize("name", ["web", "worker", "deliverer", "beat"])
    def test_wait_for_the_migration(self, name: str) -> None:
        waits = SERVICES[name]["depends_on"]
        assert waits["migrate"]["condition"] == "service_completed_successfully"
        assert waits["postgres"]["condition"] == waits["redis"]["condition"] == "service_healthy"

    def test_end_with_the_migration_where_it_is_done(self) -> None:
        assert SERVICES["migrate"]["restart"] == "no"

    @pytest.mark.parametrize("name", SERVERS)
    def test_keep_their_data_in_a_declared_volume(self, name: str) -> None:
        volume, _ = SERVICES[name]["volumes"][0].split(":")
        assert volume in COMPOSE["volumes"]

    @pytest.mark.parametrize("name", SERVERS)
    def test_hide_the_servers_in_a_network_without_a_way_out(self, name: str) -> None:
        assert SERVICES[name]["networks"] == ["backend"]
        assert COMPOSE["networks"]["backend"] == {"internal": True}


class TestVariables:
    def test_are_all_described(self) -> None:
        named = {found[1] for found in REFERENCE.finditer(read("docker-compose.yml"))}
        passed_on = {
            name for service in OURS for name, value in SERVICES[service]["environment"].items() if value is None
        }
        assert named | passed_on <= documented_variables()

    @pytest.mark.parametrize("name", OURS)
    def test_of_ours_are_described(self, name: str) -> None:
        assert set(SERVICES[name]["environment"]) <= documented_variables()

    @pytest.mark.parametrize("secret", ["SECRET_KEY", "POSTGRES_PASSWORD", "REDIS_PASSWORD"])
    def test_that_are_secret_have_no_published_default(self, secret: str) -> None:
        uses = [found for found in REFERENCE.finditer(read("docker-compose.yml")) if found[1] == secret]
        assert uses
        assert all(found[2] == "?" and secret in found[3] for found in uses)
        assert f"\n{secret}=\n" in read(".env.example")

    def test_are_production_unless_set_otherwise(self) -> None:
        assert SERVICES["web"]["environment"]["CODITECT_ENV"] == "${CODITECT_ENV:-production}"

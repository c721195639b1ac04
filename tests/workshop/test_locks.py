"""The lock files: complete, hashed, and without the name of any index."""

import json
import re
import subprocess
import sys
from importlib.metadata import packages_distributions

import pytest

from tests.workshop.files import ROOT, read

LOCKS = ["requirements.lock", "requirements-local.lock", "requirements-dev.lock"]
PIN = re.compile(r"^([a-z0-9-]+)==(\S+).*((?:\n[ \t]+.*)*)", re.MULTILINE)
# What the image's programs import: web, worker, beat and the commands, with Redis as broker and PostgreSQL behind. What
# is installed here but not pinned for the server is hidden from them.
PROGRAMS = """
import json, sys
for module in json.loads(sys.argv[1]):
    sys.modules.setdefault(module, None)
import django
django.setup()
import coditect.urls, gunicorn.app.wsgiapp, gunicorn.workers.gthread
import celery.bin.celery, celery.bin.worker, celery.bin.beat, celery.concurrency.thread, kombu.transport.redis
"""

every_lock = pytest.mark.parametrize("name", LOCKS)


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


class TestLocks:
    @every_lock
    def test_pin_packages(self, name: str) -> None:
        pins = PIN.findall(read(name))
        assert pins
        assert all("--hash=sha256:" in rest for _, _, rest in pins)

    @every_lock
    def test_name_no_host(self, name: str) -> None:
        assert "://" not in read(name)
        assert not re.search(r"^\s*--(?!hash=)", read(name), re.MULTILINE)

    def test_hold_every_package_that_the_servers_programs_need(self) -> None:
        pinned = {name for name, _, _ in PIN.findall(read("requirements.lock"))}
        hidden = [
            module
            for module, names in packages_distributions().items()
            if module.isidentifier() and not pinned.intersection(map(canonical, names))
        ]
        assert "pytest" in hidden
        command = [sys.executable, "-c", PROGRAMS, json.dumps(hidden)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

"""`python -m coditect.local`: the whole product on this machine, until Ctrl-C."""

import os
import sys
from pathlib import Path

from coditect.local import options as local_options
from coditect.local.console import Console
from coditect.local.errors import LocalError
from coditect.local.files import try_lock
from coditect.local.options import Options
from coditect.local.supervisor import Supervisor


def main() -> int:
    console = Console()
    try:
        options = local_options.read_options(os.environ)
        local_options.make_data_dir(options.data_dir)
        lock_data_dir(options)
        local_options.check_port(options.port)
        Supervisor(options, console=console).run()
    except LocalError as error:
        sys.stderr.write(f"\n{error}\n")
        return 1
    except KeyboardInterrupt:
        # Before anything was started.
        return 1
    return 0


def lock_data_dir(options: Options) -> None:
    """Claim the data directory until this process ends. Raises LocalError when a running set has it."""
    path = options.data_dir / "supervisor.lock"
    if try_lock(path) is None:
        raise LocalError(_already_running(path))
    path.write_text(options.public_url, encoding="utf-8")


def _already_running(path: Path) -> str:
    url = path.read_text(encoding="utf-8")
    return f"Already running at {url} on the data in {path.parent}. Stop it there with Ctrl-C to start it anew."


if __name__ == "__main__":
    sys.exit(main())

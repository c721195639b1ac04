"""`python -m coditect.local.fake_stripe DIRECTORY`: serves the account in a directory, as its settings file says."""

import json
import logging
import sys
from pathlib import Path

from coditect.local.fake_stripe.access import ForbiddenHere
from coditect.local.fake_stripe.fake import FakeStripe
from coditect.local.fake_stripe.server import FakeStripeServer

SETTINGS = "settings.json"


def main(directory: Path) -> int:
    """Serve until a signal ends the process; what was answered by then is kept."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    settings = json.loads((directory / SETTINGS).read_text(encoding="utf-8"))
    try:
        fake = FakeStripe(directory / "account.sqlite3", key=settings["key"])
    except ForbiddenHere as error:
        sys.stderr.write(f"{error}\n")
        return 1
    fake.listen(settings["endpoint"], secret=settings["endpoint_secret"])
    FakeStripeServer(fake, port=settings["port"]).serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
